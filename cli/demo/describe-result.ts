import type { ExecutionView } from '../../pipeline/execution-view';
import type { SavedFiles } from './save-outputs';

/** The finished demo as a table, a row for each node, and a closing line on the whole. */
export function describeResult(view: ExecutionView, nodeIds: readonly string[], saved: SavedFiles): string {
  const rows = nodeIds.flatMap((id) => {
    const node = view.nodes[id];
    if (node === undefined) return [];
    const provider = node.provider ?? (node.status === 'COMPLETED' ? 'local' : '-');
    const [first = '-', ...others] = saved[id] ?? [];
    const main = [
      id,
      node.status,
      node.nodeType,
      provider,
      String(node.attempts),
      String(node.credits),
      first,
    ];
    return [main, ...others.map((path) => ['', '', '', '', '', '', path])];
  });
  const table = alignColumns([
    ['node', 'status', 'type', 'provider', 'attempts', 'credits', 'file'],
    ...rows,
  ]);
  const reason = view.error === null ? '' : `: ${view.error}`;
  const { charged, released } = view.credits;
  return `${table}\n\n${view.status}${reason}; ${charged} credits charged, ${released} of the hold released`;
}

function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
