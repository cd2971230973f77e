import { Context } from '@temporalio/activity';
import { executions } from '../store/database/executions';
import { schedules } from '../store/database/schedules';
import type { FireInput } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { jobPending } from './to-application-failure';

const LOOK_MIN_MS = 500;
const LOOK_MAX_MS = 10_000;

type Dependencies = Pick<ActivityDependencies, 'database'>;

/**
 * Notes that a time of a schedule has come and looks until its execution has ended; each attempt is one look, which costs no
 * history. The API starts the execution: there is one way in which executions begin.
 */
export async function followFire({ database }: Dependencies, fire: FireInput): Promise<void> {
  await schedules.recordFire(database, fire);
  const { kind } = await schedules.fireProgress(database, fire);
  if (kind === 'ended') return;
  throw jobPending(Math.min(LOOK_MIN_MS * 1.5 ** (Context.current().info.attempt - 1), LOOK_MAX_MS));
}

/** Another time takes its place: what runs is cancelled, what waits is not started. The sweeper passes it on. */
export async function cancelFire({ database }: Dependencies, fire: FireInput): Promise<void> {
  const running = await schedules.cancelFire(database, fire);
  if (running !== undefined) await executions.requestCancel(database, running.accountId, running.executionId);
}
