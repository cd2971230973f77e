import { type Command, Option } from 'commander';
import type { AppDetail, AppPort, AppReceipt, AppView } from '../../client/apps-client';
import { alignColumns } from '../align-columns';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { exitCodeOf } from '../execution/finish-command';
import { type ExitCode, exitCodes } from '../exit-codes';
import { collectTrigger, naturalNumber, positiveInteger } from '../option-values';
import { describePage } from '../page';
import { workflowIdOf } from '../workflow-file';

/** `everframe apps`: published workflows as endpoints with named inputs and outputs. */
export function addAppsCommand(program: Command, run: RunApiCommand): void {
  const apps = program.command('apps').description('published workflows with named inputs and outputs');
  addCommand(apps, run, {
    usage: 'list',
    isDefault: true,
    description: 'list them',
    call: ({ client }) => client.apps.list(),
    tell: describeApps,
  });
  addCommand(apps, run, {
    usage: 'show <slug>',
    description: 'what an app takes and gives',
    call: ({ client }, _options, slug: string) => client.apps.get(slug),
    tell: describeApp,
  });
  addCommand(apps, run, {
    usage: 'openapi <slug>',
    description: 'OpenAPI 3.1 of one app',
    call: ({ client }, _options, slug: string) => client.apps.openApi(slug),
    tell: (document) => JSON.stringify(document, null, 2),
  });
  addCommand(apps, run, {
    usage: 'set <workflow> <slug>',
    description: 'make a workflow callable under a slug',
    call: ({ cli, client }, _options, word: string, slug: string) =>
      client.apps.set(workflowIdOf(word, cli.workingFolder), slug),
    tell: ({ slug, url }) => `${slug} is called at ${url}`,
  });
  addCommand(apps, run, {
    usage: 'remove <workflow>',
    description: 'end the app of a workflow; the workflow stays',
    call: async ({ cli, client }, _options, word: string) => {
      const workflowId = workflowIdOf(word, cli.workingFolder);
      await client.apps.remove(workflowId);
      return { workflowId, removed: true };
    },
    tell: ({ workflowId }) => `${workflowId} is no app any more`,
  });
  addCallCommand(apps, run);
}

interface CallOptions {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly budget?: number;
  readonly waitSeconds?: number;
  readonly idempotencyKey?: string;
}

function addCallCommand(apps: Command, run: RunApiCommand): void {
  addCommand<AppReceipt, CallOptions>(apps, run, {
    usage: 'call <slug>',
    description: 'run an app and wait for its outputs',
    options: [
      new Option(
        '--input <key=value>',
        'value of an input, key=text or key:=json; may be repeated',
      ).argParser(collectTrigger),
      new Option('--budget <credits>', 'most that it may cost').argParser(positiveInteger),
      new Option('--wait-seconds <seconds>', 'at most so long, 60 unless given').argParser(naturalNumber),
      new Option('--idempotency-key <key>', 'repeats with this key within 24 h start one execution'),
    ],
    call: ({ client }, { input, budget, waitSeconds, idempotencyKey }, slug: string) =>
      client.apps.call(
        slug,
        { inputs: input, budgetCredits: budget },
        { idempotencyKey, ...(waitSeconds === undefined ? {} : { waitSeconds }) },
      ),
    tell: describeCall,
    exitCode: callExitCode,
  });
}

function callExitCode({ execution }: AppReceipt): ExitCode {
  return execution === undefined ? exitCodes.ok : exitCodeOf(execution.status);
}

function describeCall({ executionId, execution, outputs }: AppReceipt): string {
  return `execution ${executionId} ${execution?.status ?? 'RUNNING'}\n${JSON.stringify(outputs, null, 2)}`;
}

function describeApps(found: readonly AppView[]): string {
  const rows = found.map(({ slug, workflowId, version, name }) => [
    ...[slug, workflowId, version === null ? 'not published' : String(version), name],
  ]);
  const none = 'no apps; make one of a workflow with: everframe apps set <workflow> <slug>';
  return describePage(['app', 'workflow', 'version', 'name'], rows, { none });
}

function describeApp({ slug, url, description, inputs, outputs }: AppDetail): string {
  const lines = (ports: readonly (AppPort & { readonly required?: boolean })[]) =>
    alignColumns(
      ports.map(({ name, type, label, required }) => [
        ...[`  ${name}`, type, required === true ? 'required' : '', label],
      ]),
    );
  return [`${slug}  ${url}`, description, 'inputs', lines(inputs), 'outputs', lines(outputs)]
    .filter((line) => line !== '')
    .join('\n');
}
