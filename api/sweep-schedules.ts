import { schedules } from '../store/database/schedules';
import type { ApiDependencies } from './dependencies';

/** A request that made one has ended for sure by then. */
const MAKING_MS = 600_000;

/**
 * Removes from Temporal what no row names: a process that dies after it has made a schedule there, and before its row is
 * committed, leaves one that nobody sees and that fires for nothing.
 */
export async function sweepSchedules({
  database,
  temporal,
  clock,
  logger,
}: Pick<ApiDependencies, 'database' | 'temporal' | 'clock' | 'logger'>): Promise<void> {
  for await (const scheduleId of temporal.schedules.list()) {
    if (await schedules.exists(database, scheduleId)) continue;
    const madeAt = await temporal.schedules.madeAt(scheduleId);
    if (madeAt === undefined || clock() - madeAt.getTime() < MAKING_MS) continue;
    await temporal.schedules.remove(scheduleId);
    logger.warn({ scheduleId }, 'Removed a schedule from Temporal that no row names.');
  }
}
