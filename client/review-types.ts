export type ReviewState = 'open' | 'decided' | 'timed_out' | 'closed';

/** What a run asks a person to decide. */
export interface ReviewView {
  readonly reviewId: string;
  readonly executionId: string;
  readonly step: string;
  readonly nodeId: string;
  readonly label: string;
  readonly mode: 'live' | 'test';
  /** `closed`: its execution has ended meanwhile; a resume asks again. */
  readonly state: ReviewState;
  readonly title: string;
  readonly instructions: string;
  /** An asset with its URL, or a plain value. */
  readonly value: unknown;
  readonly decision: 'approve' | 'reject' | 'replace' | null;
  readonly comment: string;
  readonly replacement: unknown;
  readonly createdAt: string;
  readonly dueAt: string | null;
  readonly decidedAt: string | null;
  readonly links: Readonly<Record<string, string>>;
}

export interface ReviewFilters {
  /** `open` unless given. */
  readonly state?: ReviewState | 'all';
  readonly executionId?: string;
  readonly mode?: 'live' | 'test';
  readonly limit?: number;
  readonly cursor?: string;
}

export interface ReviewDecisionInput {
  readonly decision: 'approve' | 'reject' | 'replace';
  readonly comment?: string;
  /** With `replace`, for media. */
  readonly assetId?: string;
  /** With `replace`, for texts, numbers and JSON. */
  readonly value?: unknown;
}
