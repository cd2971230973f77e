import { type ExitCode, exitCodes } from './exit-codes';

export interface CliErrorOptions {
  /** What happened, to which input, what to do. */
  readonly message: string;
  /** Stable, snake_case, as in the API's errors. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** Further members of the JSON error. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A command that ends with a message for its user, no stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: CliErrorOptions) {
    super(options.message, { cause: options.cause });
    this.code = options.code;
    this.exitCode = options.exitCode;
    this.details = options.details ?? {};
  }
}

export function usageError(message: string, cause?: unknown): CliError {
  return new CliError({ message, code: 'usage', exitCode: exitCodes.refused, cause });
}
