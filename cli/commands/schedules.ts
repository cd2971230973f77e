import { type Command, Option } from 'commander';
import type {
  ScheduleDetail,
  ScheduleInput,
  ScheduleOverlap,
  ScheduleView,
} from '../../client/schedule-types';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { collect, collectTrigger, positiveInteger } from '../option-values';
import { describePage } from '../page';
import { readVersion, workflowIdOf } from '../workflow-file';

interface ScheduleOptions {
  readonly cron: readonly string[];
  readonly name?: string;
  readonly timezone?: string;
  readonly overlap?: ScheduleOverlap;
  readonly catchUp?: number;
  readonly trigger?: Readonly<Record<string, unknown>>;
  readonly versionOfWorkflow?: string;
  readonly budget?: number;
  readonly paused?: true;
}

const overlaps = ['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'allow_all'];

/** `everframe schedules`: when workflows run by themselves. */
export function addSchedulesCommand(program: Command, run: RunApiCommand): void {
  const schedules = program.command('schedules').description('when workflows run by themselves');
  addReading(schedules, run);
  addWriting(schedules, run);
  addSteering(schedules, run);
}

function addReading(schedules: Command, run: RunApiCommand): void {
  addCommand(schedules, run, {
    usage: 'list <workflow>',
    description: 'list those of a workflow',
    call: ({ cli, client }, _options, word: string) =>
      client.schedules.list(workflowIdOf(word, cli.workingFolder)),
    tell: describeSchedules,
  });
  addCommand(schedules, run, {
    usage: 'show <workflow> <scheduleId>',
    description: 'its next times, and what became of the last ones',
    call: ({ cli, client }, _options, word: string, id: string) =>
      client.schedules.get(workflowIdOf(word, cli.workingFolder), id),
    tell: describeSchedule,
  });
}

function addWriting(schedules: Command, run: RunApiCommand): void {
  addCommand<ScheduleView, ScheduleOptions>(schedules, run, {
    usage: 'create <workflow>',
    description: 'run the published version at times',
    options: scheduleOptions(),
    call: ({ cli, client }, options, word: string) =>
      client.schedules.create(workflowIdOf(word, cli.workingFolder), toInput(options)),
    tell: ({ scheduleId, cron, timezone }) => `${scheduleId} runs at ${cron.join(' and ')} (${timezone})`,
  });
  addCommand<ScheduleDetail, ScheduleOptions>(schedules, run, {
    usage: 'save <workflow> <scheduleId>',
    description: 'replace a schedule whole; what is not given falls back to its default',
    options: scheduleOptions(),
    call: ({ cli, client }, options, word: string, id: string) =>
      client.schedules.save(workflowIdOf(word, cli.workingFolder), id, toInput(options)),
    tell: describeSchedule,
  });
  addCommand(schedules, run, {
    usage: 'delete <workflow> <scheduleId>',
    description: 'delete a schedule; executions that run go on',
    call: async ({ cli, client }, _options, word: string, scheduleId: string) => {
      await client.schedules.delete(workflowIdOf(word, cli.workingFolder), scheduleId);
      return { scheduleId, deleted: true };
    },
    tell: ({ scheduleId }) => `${scheduleId} is deleted`,
  });
}

function addSteering(schedules: Command, run: RunApiCommand): void {
  addCommand<ScheduleDetail, { readonly note?: string }>(schedules, run, {
    usage: 'pause <workflow> <scheduleId>',
    description: 'fire no more until it is resumed',
    options: [new Option('--note <text>', 'why')],
    call: ({ cli, client }, { note }, word: string, id: string) =>
      client.schedules.pause(workflowIdOf(word, cli.workingFolder), id, note),
    tell: describeSchedule,
  });
  addCommand(schedules, run, {
    usage: 'resume <workflow> <scheduleId>',
    description: 'fire again',
    call: ({ cli, client }, _options, word: string, id: string) =>
      client.schedules.resume(workflowIdOf(word, cli.workingFolder), id),
    tell: describeSchedule,
  });
  addCommand(schedules, run, {
    usage: 'trigger <workflow> <scheduleId>',
    description: 'fire now',
    call: ({ cli, client }, _options, word: string, id: string) =>
      client.schedules.trigger(workflowIdOf(word, cli.workingFolder), id),
    tell: describeSchedule,
  });
  addCommand<ScheduleDetail, BackfillOptions>(schedules, run, {
    usage: 'backfill <workflow> <scheduleId>',
    description: 'fire for every time between two; one that has fired before fires no second time',
    options: [
      new Option('--from <time>', 'ISO 8601').makeOptionMandatory(),
      new Option('--to <time>', 'ISO 8601').makeOptionMandatory(),
      new Option('--overlap <policy>', 'when the one before has not ended').choices(overlaps),
    ],
    call: ({ cli, client }, { from, to, overlap }, word: string, id: string) =>
      client.schedules.backfill(workflowIdOf(word, cli.workingFolder), id, { from, to, overlap }),
    tell: describeSchedule,
  });
}

interface BackfillOptions {
  readonly from: string;
  readonly to: string;
  readonly overlap?: ScheduleOverlap;
}

function scheduleOptions(): readonly Option[] {
  return [
    new Option('--cron <expression>', 'such as "0 9 * * 1-5"; may be repeated: any fires')
      .argParser(collect)
      .makeOptionMandatory(),
    new Option('--name <name>', 'what it is for'),
    new Option('--timezone <name>', 'IANA name such as Europe/Berlin; UTC unless given'),
    new Option('--overlap <policy>', 'when the execution of an earlier time has not ended').choices(overlaps),
    new Option('--catch-up <seconds>', 'make up for times missed within so long').argParser(positiveInteger),
    new Option('--trigger <key=value>', 'value of an input node, key=text or key:=json').argParser(
      collectTrigger,
    ),
    new Option('--version-of-workflow <version>', 'number or tag; the published one unless given'),
    new Option('--budget <credits>', 'most that each execution may cost').argParser(positiveInteger),
    new Option('--paused', 'do not fire yet'),
  ];
}

function toInput(options: ScheduleOptions): ScheduleInput {
  const { cron, name, timezone, overlap, catchUp, trigger, versionOfWorkflow, budget, paused } = options;
  return {
    ...{ cron, name, timezone, overlap, paused },
    ...{ catchUpSeconds: catchUp, triggerData: trigger, budgetCredits: budget },
    version: readVersion(versionOfWorkflow),
  };
}

function describeSchedules(found: readonly ScheduleView[]): string {
  const rows = found.map(({ scheduleId, name, cron, timezone, paused }) => [
    ...[scheduleId, name, cron.join(' and '), timezone, paused ? 'paused' : 'active'],
  ]);
  const none = 'no schedules; make one with: everframe schedules create <workflow> --cron "0 9 * * *"';
  return describePage(['schedule', 'name', 'cron', 'time zone', 'state'], rows, { none });
}

function describeSchedule(schedule: ScheduleDetail): string {
  const { scheduleId, cron, timezone, paused, note, nextRuns, fires } = schedule;
  const state = paused ? `paused${note === '' ? '' : `: ${note}`}` : 'active';
  return [
    `${scheduleId}  ${cron.join(' and ')} (${timezone})  ${state}`,
    nextRuns === null
      ? 'next  unknown while Temporal is away'
      : `next  ${nextRuns.slice(0, 3).join(', ') || 'never'}`,
    ...fires.map((fire) =>
      `${fire.scheduledAt}  ${fire.state}  ${fire.executionId ?? fire.refusal?.message ?? ''}`.trimEnd(),
    ),
  ].join('\n');
}
