import type { RunState } from '../pipeline/pure/run/run-state';
import { allNodes } from '../pipeline/pure/all-nodes';
import { nodeIdOfStep, type Plan } from './contract';

/** Temporal keeps at most 20,000 bytes of details; names of users may take three bytes a letter. */
const DETAILS_LENGTH_MAX = 6_000;

/** The run as a Markdown table, shown by the Temporal UI as "current details". */
export function currentDetails(plan: Plan, state: RunState): string {
  const lines = [
    ...describeWaiting(state),
    '| node | type | status | provider | attempts | credits |',
    '|---|---|---|---|---|---|',
  ];
  const headings = lines.length;
  let length = 0;
  const nodes = new Map(allNodes(plan.nodes).map((node) => [node.id, node]));
  for (const [step, { status, servedBy, attempts, credits, carried }] of state.steps) {
    const node = nodes.get(nodeIdOfStep(step));
    const cells = [
      `${node?.label ?? ''} (${step})`,
      node?.nodeType ?? '',
      carried ? `${status} (reused)` : status,
      servedBy ?? '',
      attempts || '',
      credits || '',
    ];
    const line = `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
    length += line.length;
    if (length > DETAILS_LENGTH_MAX) {
      lines.push(`| … ${state.steps.size - lines.length + headings} more | | | | | |`);
      break;
    }
    lines.push(line);
  }
  return lines.join('\n');
}

function describeWaiting(state: RunState): string[] {
  const waiting = state.waiting();
  if (!waiting) return [];
  return [
    `**WAITING** for you at ${waiting.nodeId}, ${waiting.code}: ${waiting.message.slice(0, 1_000)}`,
    '',
  ];
}
