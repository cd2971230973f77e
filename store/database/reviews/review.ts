import type { Mode, OpenReviewInput, PortValue } from '../../../workflows/contract';

export type ReviewRequest = Pick<
  OpenReviewInput,
  'step' | 'nodeId' | 'nodeKey' | 'label' | 'title' | 'instructions' | 'value' | 'timeoutSeconds'
>;

export interface Review {
  readonly id: string;
  readonly executionId: string;
  readonly step: string;
  readonly nodeId: string;
  readonly label: string;
  readonly mode: Mode;
  readonly title: string;
  readonly instructions: string;
  readonly value: PortValue;
  /** `closed`: its execution has ended meanwhile; a resume asks again. */
  readonly state: 'open' | 'decided' | 'timed_out' | 'closed';
  readonly decision: 'approve' | 'reject' | 'replace' | null;
  readonly comment: string;
  readonly replacement: PortValue | null;
  readonly createdAt: Date;
  readonly dueAt: Date | null;
  readonly decidedAt: Date | null;
}

export interface ReviewFilters {
  readonly state?: Review['state'];
  readonly executionId?: string;
  readonly mode?: Mode;
}

export interface ReviewPage {
  readonly reviews: readonly Review[];
  readonly nextCursor: string | null;
}

export type NewDecision =
  | { readonly decision: 'approve' | 'reject'; readonly comment: string }
  | { readonly decision: 'replace'; readonly comment: string; readonly replacement: PortValue };

export type DecideResult =
  | { readonly kind: 'decided'; readonly review: Review }
  | { readonly kind: 'not_found' }
  /** Decided, timed out, or its execution has ended. */
  | { readonly kind: 'conflict'; readonly review: Review };

/** A decision that its run may not know yet. */
export interface UntoldReview {
  readonly id: string;
  readonly executionId: string;
  readonly step: string;
}
