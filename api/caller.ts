import type { Mode } from '../workflows/contract';

/** Who asks, known from the key alone. */
export interface Caller {
  readonly keyId: string;
  readonly accountId: string;
  readonly mode: Mode;
  /** Name of the account's plan, see plans.ts. */
  readonly plan: string;
  readonly scopes: readonly string[];
}
