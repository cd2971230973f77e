import type { ItemsView } from '../../../pipeline/execution-view';
import type { ExecutionStatus } from '../tables';
import type { ItemCounts } from './batch';

export function toItemsView(counts: ItemCounts, status: ExecutionStatus): ItemsView {
  const { total, pending, running, waiting, completed, failed, cancelled, meanSeconds } = counts;
  const over = completed + failed + cancelled;
  return {
    ...{ total, pending, running, waiting, completed, failed, cancelled },
    progress: total === 0 ? 1 : over / total,
    etaSeconds: status === 'RUNNING' ? etaSeconds(counts) : null,
    meanSeconds: meanSeconds === null ? null : roundTo(meanSeconds, 10),
  };
}

/** As many run at once as now; one that runs is half done. */
function etaSeconds({ pending, running, meanSeconds }: ItemCounts): number | null {
  if (meanSeconds === null || running === 0) return null;
  return roundTo((meanSeconds * (pending + running / 2)) / running, 10);
}

function roundTo(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
