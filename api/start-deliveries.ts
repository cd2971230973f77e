import { deliveries } from '../store/database/deliveries';
import type { ApiDependencies } from './dependencies';

/**
 * Gives Temporal what is to be told to the outside. Noted after the start: a crash in between starts it once more, which
 * finds it started.
 *
 * @throws TemporalUnavailableError; what was not started is found again.
 */
export async function startDeliveries({
  database,
  temporal,
}: Pick<ApiDependencies, 'database' | 'temporal'>): Promise<void> {
  for (;;) {
    const found = await deliveries.toStart(database);
    for (const delivery of found) {
      await temporal.startDelivery(delivery);
      await deliveries.started(database, delivery);
    }
    if (found.length === 0) return;
  }
}
