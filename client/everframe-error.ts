/** One fault of a request, as the API names it. */
export interface EverframeIssue {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

export interface EverframeErrorOptions {
  readonly message: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly requestId?: string;
  readonly issues?: readonly EverframeIssue[];
  readonly retryAfterSeconds?: number;
  /** The whole error body, with what else the API told, such as `requiredCredits`. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The API refused, or could not be reached. */
export class EverframeError extends Error {
  override readonly name = 'EverframeError';
  readonly status: number;
  /** Stable, see docs; `network` when no answer came. */
  readonly code: string;
  readonly requestId: string | undefined;
  readonly issues: readonly EverframeIssue[];
  readonly retryAfterSeconds: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(options: EverframeErrorOptions) {
    super(options.message, { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.requestId = options.requestId;
    this.issues = options.issues ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.body = options.body ?? {};
  }
}

/** Reads an error answer of any shape: a proxy in between may have written it. */
export async function readError(response: Response): Promise<EverframeError> {
  const body = asRecord(parseOrUndefined(await response.text().catch(() => ''))) ?? {};
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new EverframeError({
    message: asText(body.error) ?? `HTTP ${response.status}`,
    status: response.status,
    code: asText(body.code) ?? `http_${response.status}`,
    requestId: asText(body.requestId) ?? response.headers.get('x-request-id') ?? undefined,
    issues: Array.isArray(body.issues) ? body.issues.flatMap(readIssue) : [],
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    body,
  });
}

function readIssue(value: unknown): EverframeIssue[] {
  const issue = asRecord(value);
  if (issue === undefined) return [];
  const { path, code, message, fix } = issue;
  return [
    {
      path: asText(path) ?? '',
      code: asText(code) ?? '',
      message: asText(message) ?? '',
      fix: asText(fix) ?? '',
    },
  ];
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
