import type { WorkflowHandle } from '@temporalio/client';

/** How long each timer of a run was set to, seconds: what a clock beside the run would say of it depends on the machine. */
export async function timersOf(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<readonly number[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
    timer
      ? Number(timer.startToFireTimeout?.seconds ?? 0) + (timer.startToFireTimeout?.nanos ?? 0) / 1e9
      : [],
  );
}
