import type { FaultPlan } from './faults';
import type { FileStore } from './file-store';
import type { Jobs } from './jobs';
import type { Ledger } from './ledger';
import type { Secrets } from './secrets';
import type { Webhooks } from './webhooks';

/** What every provider shares. */
export interface Services {
  readonly ledger: Ledger;
  readonly faults: FaultPlan;
  readonly jobs: Jobs;
  readonly files: FileStore;
  readonly webhooks: Webhooks;
  readonly secrets: Secrets;
  /** How long outputs can be fetched after the job ended. */
  readonly lifetimeMs: number;
  /** http://host:port, known once the server listens; for what is sent out without a request to answer. */
  readonly origin: () => string;
}
