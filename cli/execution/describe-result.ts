import { assetViewSchema, type ExecutionView } from '../../pipeline/execution-view';
import { alignColumns } from '../align-columns';
import { describeItems } from './follow-execution';
import { paintStatus, type Paint, plain } from '../paint';
import type { SavedFiles } from './save-outputs';

const valueLengthMax = 80;

/**
 * An execution as a table, a row for each node, and a closing line on the whole.
 *
 * @param saved where the outputs lie; without it the table shows the values and the addresses of the assets
 */
export function describeResult(view: ExecutionView, saved?: SavedFiles, paint: Paint = plain): string {
  const rows = Object.entries(view.nodes).flatMap(([id, node]) => {
    const provider = node.provider ?? (node.status === 'COMPLETED' ? 'local' : '-');
    const outputs = saved === undefined ? Object.entries(node.output).flatMap(showPort) : (saved[id] ?? []);
    const [first = node.error?.message ?? '-', ...others] = outputs;
    const status = paintStatus(paint, node.status);
    const { nodeType, attempts, credits } = node;
    const main = [id, status, nodeType, provider, String(attempts), String(credits), first];
    return [main, ...others.map((output) => ['', '', '', '', '', '', output])];
  });
  const heading = ['node', 'status', 'type', 'provider', 'attempts', 'credits', 'output'];
  const items = Object.entries(saved ?? {})
    .filter(([name]) => !Object.hasOwn(view.nodes, name))
    .map(([name, files]) => [name, '', '', '', '', '', files.join('  ')]);
  return `${alignColumns([heading, ...rows, ...items])}\n\n${describeOutcome(view, paint)}`;
}

function describeOutcome(view: ExecutionView, paint: Paint): string {
  const reason = view.error === null ? '' : `: ${view.error}`;
  const { held, charged, released } = view.credits;
  const hold = held > 0 ? `${held} more held` : `${released} of the hold released`;
  const outcome = `${paintStatus(paint, view.status)}${reason}; ${charged} credits charged, ${hold}`;
  if (view.items === null) return outcome;
  return `${describeItems(view.items)}\n${outcome}\nIts items: npx everframe items ${view.executionId}`;
}

/** One line for each value of a port. */
function showPort([port, value]: [string, unknown]): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.map((item) => {
    const asset = assetViewSchema.safeParse(item);
    return asset.success ? asset.data.url : `${port}: ${shorten(JSON.stringify(item))}`;
  });
}

function shorten(text: string): string {
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax - 1)}…` : text;
}
