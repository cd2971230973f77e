import { executions } from '../store/database/executions';
import { failpoint } from '../store/failpoints';
import type {
  DrainExecutionInput,
  ExecutionScope,
  FinishExecutionInput,
  FinishExecutionResult,
  PauseExecutionInput,
  RecordProgressInput,
  StepInput,
  TellsBatch,
} from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { fenced, writeFenced } from './fence';
import { tellBatch } from './open-items';

type ProgressDependencies = Pick<ActivityDependencies, 'database' | 'latestRunId'>;
type TellingDependencies = ProgressDependencies & Pick<ActivityDependencies, 'tellBatch'>;

/** Shows nodes that needed no activity of their own. Carries their whole state, so a lost call is made good by the next. */
export async function recordProgress(deps: ProgressDependencies, input: RecordProgressInput): Promise<void> {
  await fenced(deps, input, (scope) => executions.writeNodes(deps.database, scope, input.nodes));
}

/**
 * A step that shows other nodes as it begins: first of all, so that in the order of the execution's writes theirs come
 * before its own. Where that fails the next write makes it good, as each carries their whole state.
 */
export function withNews<Input extends StepInput, Output>(
  activity: (deps: ActivityDependencies, input: Input) => Promise<Output>,
) {
  return async (deps: ActivityDependencies, input: Input): Promise<Output> => {
    const { news } = input;
    const shown = news && recordProgress(deps, { ...input, nodes: news }).catch(() => undefined);
    try {
      return await activity(deps, input);
    } finally {
      await shown;
    }
  };
}

/** Shows that the execution waits for its user, and for what; gives back what is held for nothing. A repeat changes nothing. */
export async function pauseExecution(deps: TellingDependencies, input: PauseExecutionInput): Promise<void> {
  const { failure, resumesTaken, nodes } = input;
  await writeFenced(deps, input, (writer) =>
    writer.pause({ resumesTaken, nodes, ...(failure ? { failure } : {}) }),
  );
  await tellBatch(deps, input);
}

/** Writes how far the run has come, and that it goes no further. A repeat changes nothing. */
export async function drainExecution(deps: ProgressDependencies, input: DrainExecutionInput): Promise<void> {
  await writeFenced(deps, input, (writer) => writer.drain(input.nodes));
}

/** Shows that the execution does not wait any more, since something else than a resume lets it go on. A repeat changes nothing. */
export async function continueExecution(
  deps: TellingDependencies,
  input: ExecutionScope & TellsBatch,
): Promise<void> {
  await writeFenced(deps, input, (writer) => writer.goOn());
  await tellBatch(deps, input);
}

/** Ends the execution: last states, failure, the rest of the hold released. Once per attempt; a repeat changes nothing. */
export async function finishExecution(
  deps: TellingDependencies,
  input: FinishExecutionInput,
): Promise<FinishExecutionResult> {
  const { status, failure, nodes } = input;
  failpoint('finish.before');
  const change = { status, nodes, ...(failure ? { failure } : {}) };
  const { creditsCharged } = await fenced(deps, input, (scope) =>
    executions.finish(deps.database, scope, change),
  );
  failpoint('finish.after_commit');
  await tellBatch(deps, input);
  return { creditsCharged };
}
