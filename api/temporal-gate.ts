import type { ApiDependencies } from './dependencies';
import { TemporalUnavailableError } from './temporal-executions';

/**
 * Refuses work that needs Temporal while it is known to be away; costs nothing while it is there. An execution that was
 * accepted before the outage showed is started by the sweeper.
 *
 * @throws TemporalUnavailableError (503)
 */
export async function requireTemporal({ temporal }: Pick<ApiDependencies, 'temporal'>): Promise<void> {
  if (!temporal.knownAway || (await temporal.isAvailable())) return;
  throw new TemporalUnavailableError('Temporal has not answered of late.');
}
