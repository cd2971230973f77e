/**
 * - `invalid_media`: the bytes are not what their type promises: truncated, corrupt, or another type. Another try gives the same.
 * - `too_large`: over a pixel or memory limit. Another try gives the same.
 * - `unsupported`: a type or a request that this operation does not take, such as a crop outside the picture.
 * - `timeout`: killed at its time limit; a retry on an idle machine may do.
 * - `crashed`: the child process ended by itself, or its disk failed; worth a retry.
 */
export const MEDIA_ERROR_KINDS = ['invalid_media', 'too_large', 'timeout', 'crashed', 'unsupported'] as const;
export type MediaErrorKind = (typeof MEDIA_ERROR_KINDS)[number];

/** Local media work that failed. `message` may be shown to the caller: it names no path of this machine. */
export class MediaError extends Error {
  /** What the libraries said, for operators; may name paths. */
  readonly operatorDetail: string | undefined;

  constructor(
    readonly kind: MediaErrorKind,
    message: string,
    options: ErrorOptions & { readonly operatorDetail?: string } = {},
  ) {
    super(message, options);
    this.name = 'MediaError';
    this.operatorDetail = options.operatorDetail;
  }
}
