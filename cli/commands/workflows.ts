import { type Command, Option } from 'commander';
import type { Page } from '../../client/types';
import type { PublishInput, WorkflowPublication, WorkflowView } from '../../client/workflow-types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type ApiContext, type CommonOptions, type RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { describeDiff } from '../describe-diff';
import { describeMigration, describePreview } from '../describe-migration';
import { type ExitCode, exitCodes } from '../exit-codes';
import { positiveInteger } from '../option-values';
import { addVariantCommands } from './variants';
import { readVersion, readWorkflowFile, workflowIdOf, writeWorkflowFile } from '../workflow-file';

const WORKFLOW = '<workflow>';
const WORKFLOW_HELP = 'id of a saved workflow, or the file that it was pushed from';

/** `everframe workflows`: saved graphs, kept as files in git and published as versions. */
export function addWorkflowsCommand(program: Command, run: RunApiCommand): void {
  const group = program.command('workflows').description('save, publish and compare workflows');
  addList(group, run);
  addPush(group, run);
  addPull(group, run);
  addPublish(group, run);
  addRollback(group, run);
  addDiff(group, run);
  addVersions(group, run);
  addVersion(group, run);
  addShow(group, run);
  addDelete(group, run);
  addVariantCommands(group, run);
}

function addList(group: Command, run: RunApiCommand): void {
  addCommonOptions(group.command('list', { isDefault: true }))
    .option('--limit <count>', 'at most this many, 1 to 100', positiveInteger, 20)
    .option('--cursor <cursor>', 'go on after the page before')
    .description('list them, newest first')
    .action(
      ({ limit, cursor, ...options }: CommonOptions & { readonly limit: number; readonly cursor?: string }) =>
        run(options, async ({ terminal, client }) => {
          const page = await client.workflows.list({ limit, cursor });
          terminal.answer(page, () => describePage(page));
          return exitCodes.ok;
        }),
    );
}

function addPush(group: Command, run: RunApiCommand): void {
  addCommonOptions(group.command('push'))
    .argument('<file...>', 'files with {name, nodes, edges, variables?}')
    .description('save files as drafts; a file that is new gets its workflowId written into it')
    .action((files: readonly string[], options: CommonOptions) =>
      run(options, (context) => push(context, files)),
    );
}

function addPull(group: Command, run: RunApiCommand): void {
  addCommonOptions(group.command('pull'))
    .argument(WORKFLOW, WORKFLOW_HELP)
    .argument('[file]', 'where to write it; stdout unless given')
    .option('--version-of-workflow <version>', 'number, tag or published; the draft unless given')
    .description('write a workflow into a file')
    .action(
      (
        word: string,
        file: string | undefined,
        { versionOfWorkflow, ...options }: CommonOptions & { readonly versionOfWorkflow?: string },
      ) => run(options, (context) => pull(context, word, file, versionOfWorkflow)),
    );
}

interface PublishOptions extends CommonOptions, PublishInput {
  readonly dryRun?: true;
}

function addPublish(group: Command, run: RunApiCommand): void {
  addCommonOptions(group.command('publish'))
    .argument(WORKFLOW, WORKFLOW_HELP)
    .option('--tag <version>', 'semantic version such as 1.2.0; the next one unless given')
    .addOption(
      new Option('--bump <part>', 'part that the next version raises').choices(['major', 'minor', 'patch']),
    )
    .option('--note <text>', 'what has changed')
    .addOption(
      new Option('--in-flight <policy>', 'executions on other versions finish there, or go on with this one')
        .choices(['finish', 'migrate'])
        .default('finish'),
    )
    .option('--dry-run', 'tell what would happen, and publish nothing')
    .description('make a version of the draft and publish it')
    .action((word: string, { tag, bump, note, inFlight, dryRun, ...options }: PublishOptions) =>
      run(options, async ({ cli, terminal, client }) => {
        const workflowId = workflowIdOf(word, cli.workingFolder);
        const version = { tag, bump, note, ...(inFlight === 'migrate' ? { inFlight } : {}) };
        if (dryRun) {
          const preview = await client.workflows.previewPublication(workflowId, version);
          terminal.answer(preview, () => describePreview(preview));
          return exitCodes.ok;
        }
        const publication = await client.workflows.publish(workflowId, version);
        terminal.answer(publication, () => describePublication(publication));
        return exitCodes.ok;
      }),
    );
}

function addRollback(group: Command, run: RunApiCommand): void {
  addCommonOptions(group.command('rollback'))
    .argument(WORKFLOW, WORKFLOW_HELP)
    .option('--to <version>', 'number or tag; the one published before unless given')
    .description('publish an earlier version again')
    .action((word: string, { to, ...options }: CommonOptions & { readonly to?: string }) =>
      run(options, async ({ cli, terminal, client }) => {
        const version = await client.workflows.rollBack(
          workflowIdOf(word, cli.workingFolder),
          readVersion(to),
        );
        terminal.answer(version, () => `version ${version.version} (${version.tag}) is published`);
        return exitCodes.ok;
      }),
    );
}

function addDiff(group: Command, run: RunApiCommand): void {
  addCommonOptions(group.command('diff'))
    .argument(WORKFLOW, WORKFLOW_HELP)
    .option('--from <version>', 'number, tag, draft or published', 'published')
    .option('--to <version>', 'number, tag, draft or published', 'draft')
    .description('show what differs between two versions')
    .action(
      (
        word: string,
        { from, to, ...options }: CommonOptions & { readonly from: string; readonly to: string },
      ) =>
        run(options, async ({ cli, terminal, client }) => {
          const diff = await client.workflows.diff(workflowIdOf(word, cli.workingFolder), { from, to });
          terminal.answer(diff, () => describeDiff(diff));
          return exitCodes.ok;
        }),
    );
}

function addVersions(group: Command, run: RunApiCommand): void {
  addCommonOptions(group.command('versions'))
    .argument(WORKFLOW, WORKFLOW_HELP)
    .description('list its versions, newest first')
    .action((word: string, options: CommonOptions) =>
      run(options, async ({ cli, terminal, client }) => {
        const found = await client.workflows.versions(workflowIdOf(word, cli.workingFolder));
        const rows = found.map(({ version, tag, createdAt, note }) => [
          String(version),
          tag,
          createdAt,
          note,
        ]);
        terminal.answer(found, () => alignColumns([['version', 'tag', 'made', 'note'], ...rows]));
        return exitCodes.ok;
      }),
    );
}

function addVersion(group: Command, run: RunApiCommand): void {
  addCommand(group, run, {
    usage: 'version <workflow> <version>',
    description: 'one version with its graph: a number, a tag, or published',
    call: ({ cli, client }, _options, word: string, version: string) =>
      client.workflows.version(workflowIdOf(word, cli.workingFolder), version),
    tell: ({ version, tag, note, graph }) =>
      `version ${version} (${tag}) ${note}\n${JSON.stringify(graph, null, 2)}`,
  });
}

function addShow(group: Command, run: RunApiCommand): void {
  addCommand(group, run, {
    usage: 'show <workflow>',
    description: 'the draft, and what keeps it from being published',
    call: ({ cli, client }, _options, word: string) =>
      client.workflows.get(workflowIdOf(word, cli.workingFolder)),
    tell: ({ workflowId, name, revision, published, nodes, edges, issues }) =>
      [
        `${workflowId}  ${name}  revision ${revision}  published ${published?.tag ?? 'never'}`,
        `${nodes.length} nodes, ${edges.length} edges`,
        ...issues.map(({ path, message, fix }) => `  ${path}: ${message} ${fix}`),
      ].join('\n'),
  });
}

function addDelete(group: Command, run: RunApiCommand): void {
  addCommand(group, run, {
    usage: 'delete <workflow>',
    description: 'delete a workflow; its executions go on and stay',
    call: async ({ cli, client }, _options, word: string) => {
      const workflowId = workflowIdOf(word, cli.workingFolder);
      await client.workflows.delete(workflowId);
      return { workflowId, deleted: true };
    },
    tell: ({ workflowId }) => `${workflowId} is deleted`,
  });
}

async function push({ cli, terminal, client }: ApiContext, files: readonly string[]): Promise<ExitCode> {
  const pushed: object[] = [];
  const lines: string[] = [];
  for (const file of files) {
    const { workflowId, workflow, document } = readWorkflowFile(file, cli.workingFolder);
    const saved =
      workflowId === undefined
        ? await client.workflows.create(workflow)
        : await client.workflows.save(workflowId, workflow);
    if (workflowId === undefined) {
      writeWorkflowFile(file, cli.workingFolder, { workflowId: saved.workflowId, ...document });
    }
    const faults = saved.issues.map(({ path, message, fix }) => `  ${path}: ${message} ${fix}`);
    lines.push(`${saved.workflowId}  revision ${saved.revision}  ${saved.name}  (${file})`, ...faults);
    pushed.push({ file, ...saved });
  }
  terminal.answer(pushed, () => lines.join('\n'));
  return exitCodes.ok;
}

async function pull(
  { cli, terminal, client }: ApiContext,
  word: string,
  file: string | undefined,
  version: string | undefined,
): Promise<ExitCode> {
  const workflowId = workflowIdOf(word, cli.workingFolder);
  const document = { workflowId, ...(await client.workflows.export(workflowId, version)) };
  if (file !== undefined) writeWorkflowFile(file, cli.workingFolder, document);
  terminal.answer(document, () =>
    file === undefined ? JSON.stringify(document, null, 2) : `${workflowId} is written to ${file}`,
  );
  return exitCodes.ok;
}

function describePage({ data, nextCursor }: Page<WorkflowView>): string {
  if (data.length === 0) return 'no saved workflows; save one with: everframe workflows push graph.json';
  const rows = data.map(({ workflowId, name, published, versions, updatedAt }) => [
    ...[workflowId, name, published === null ? 'never' : published.tag, String(versions), updatedAt],
  ]);
  const table = alignColumns([['workflow', 'name', 'published', 'versions', 'changed'], ...rows]);
  return nextCursor === null ? table : `${table}\n\nMore with: --cursor ${nextCursor}`;
}

function describePublication({
  version,
  tag,
  unchanged,
  triggerUrl,
  workflowId,
  migration,
}: WorkflowPublication): string {
  return [
    unchanged
      ? `version ${version} (${tag}) was published already; the draft has not changed`
      : `version ${version} (${tag}) is published`,
    `run it with      npx everframe run ${workflowId} --wait`,
    ...(triggerUrl === null
      ? []
      : [`or, without key  curl -X POST ${triggerUrl} -H 'Content-Type: application/json' -d '{}'`]),
    ...describeMigration(migration),
  ].join('\n');
}
