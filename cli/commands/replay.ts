import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ReplayedNode, ReplayReport } from '../../pipeline/replay-report';
import { alignColumns } from '../align-columns';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Paint } from '../paint';
import { runReplay } from '../replay/run-replay';
import { type CliEnvironment, createTerminal } from '../terminal';

/** `everframe replay <file>`: runs a bundle's plan again, offline, and compares every result. */
export function addReplayCommand(
  program: Command,
  cli: CliEnvironment,
  finish: (exitCode: ExitCode) => void,
): void {
  program
    .command('replay')
    .argument('<file>', 'written by everframe bundle')
    .option('--json', 'print one JSON document and nothing else on stdout')
    .description('run a bundle again, offline; ends with 0 only if every result is the same')
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const terminal = createTerminal(cli, json === true);
      const report = await runReplay(resolve(cli.workingFolder, file));
      terminal.answer(report, () => describeReport(report, terminal.paint));
      finish(report.isEqual ? exitCodes.ok : exitCodes.notCompleted);
    });
}

function describeReport(report: ReplayReport, paint: Paint): string {
  const { recorded, replayed } = report.releases;
  const rows = report.nodes.map((node) => [
    node.nodeId,
    node.nodeType,
    sources[node.source],
    paint(colours[node.verdict], verdicts[node.verdict]),
    hashesOf(node),
  ]);
  return [
    `execution ${report.executionId}, recorded by release ${recorded}, replayed by ${replayed}`,
    alignColumns([['node', 'type', 'result', 'verdict', 'sha256 by port'], ...rows]),
    '',
    conclusion(report),
  ].join('\n');
}

const sources = {
  value: 'given',
  computed: 'computed again',
  recorded: 'from the bundle',
  none: '',
} as const;
const verdicts = { equal: 'equal', different: 'DIFFERENT', not_compared: 'not compared' } as const;
const colours = { equal: 'green', different: 'red', not_compared: 'gray' } as const;

function hashesOf({ outputs }: ReplayedNode): string {
  return outputs
    .map(({ port, recorded, replayed }) =>
      recorded === replayed
        ? `${port} ${short(recorded)}`
        : `${port} recorded ${short(recorded)}, replayed ${short(replayed)}`,
    )
    .join('; ');
}

function short(hash: string | null): string {
  return hash === null ? 'nothing' : hash.slice(0, 12);
}

function conclusion({ isEqual, firstDifference, nodes }: ReplayReport): string {
  if (isEqual) return 'Every result is the same.';
  const first = nodes.find(({ nodeId }) => nodeId === firstDifference);
  if (!first) return 'Nothing was compared: no node of this execution completed.';
  return `The first difference is at node "${first.nodeId}" (${first.nodeType}): ${first.reason ?? ''}`;
}
