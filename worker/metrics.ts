import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { EndedJob } from '../activities/dependencies';
import { openRegistry } from '../metrics/open-registry';
import { FAILURE_CODES, JOB_PENDING, type Activities, type StepInput } from '../workflows/contract';

/** From an answer of a language model to a long video. */
const JOB_SECONDS = [0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1_800];
const ACTIVITY_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Paid tries of one step beyond this count as this many: a label is of a closed set. */
const RETRIES_MAX = 3;

export interface WorkerMetrics {
  readonly registry: Registry;
  readonly jobEnded: (job: EndedJob) => void;
  /** The same activities, each of whose ends is counted. */
  observe<Some extends Pick<Activities, StepActivity>>(activities: Some): Some;
}

/** Activities that make a step's result. */
const STEP_ACTIVITIES = [
  'submitJob',
  'awaitJob',
  'callProvider',
  'runMedia',
  'runPure',
  'importAsset',
  'deliverOutput',
] as const satisfies readonly (keyof Activities)[];

type StepActivity = (typeof STEP_ACTIVITIES)[number];

/** Of one worker process. Labels are of closed sets alone: node types, providers, models, codes; never accounts or ids. */
export function createWorkerMetrics(): WorkerMetrics {
  const registry = openRegistry('worker');
  const metrics = createMetrics(registry);
  return {
    registry,
    jobEnded: ({ provider, model, nodeType, mode, generation, credits, seconds }) => {
      const labels = { provider, model, mode };
      if (seconds !== undefined) {
        metrics.jobSeconds.observe(labels, seconds);
        metrics.steps.inc({ node_type: nodeType, mode, outcome: 'completed' });
      }
      const retry = Math.min(generation - 1, RETRIES_MAX);
      metrics.credits.inc({ ...labels, retry: retry === RETRIES_MAX ? `${RETRIES_MAX}+` : retry }, credits);
    },
    observe: (activities) => ({
      ...activities,
      ...Object.fromEntries(STEP_ACTIVITIES.map((name) => [name, observed(metrics, activities, name)])),
    }),
  };
}

type Metrics = ReturnType<typeof createMetrics>;

function createMetrics(registry: Registry) {
  const registers = [registry];
  return {
    jobSeconds: new Histogram({
      name: 'everframe_job_duration_seconds',
      help: 'From the intent of a paid job until its result was stored and settled.',
      labelNames: ['provider', 'model', 'mode'] as const,
      buckets: JOB_SECONDS,
      registers,
    }),
    credits: new Counter({
      name: 'everframe_credits_charged_total',
      help: 'Credits (US$0.001) charged, by which paid try of its step at the model a job was.',
      labelNames: ['provider', 'model', 'mode', 'retry'] as const,
      registers,
    }),
    steps: new Counter({
      name: 'everframe_steps_total',
      help: 'Steps by their end at one candidate: completed, cached (free), or failed there for good.',
      labelNames: ['node_type', 'mode', 'outcome'] as const,
      registers,
    }),
    failures: new Counter({
      name: 'everframe_step_failures_total',
      help: 'Failures of steps by code; retried: tried again at the same candidate.',
      labelNames: ['provider', 'code', 'retried'] as const,
      registers,
    }),
    activitySeconds: new Histogram({
      name: 'everframe_activity_duration_seconds',
      help: 'One attempt of an activity.',
      labelNames: ['activity', 'outcome'] as const,
      buckets: ACTIVITY_SECONDS,
      registers,
    }),
  };
}

type StepCall = (
  input: StepInput & { readonly candidate?: { readonly provider: string } },
) => Promise<object>;

function observed(
  metrics: Metrics,
  activities: Pick<Activities, StepActivity>,
  name: StepActivity,
): StepCall {
  const activity = activities[name] as StepCall;
  return async (input) => {
    const startedAtMs = performance.now();
    const end = (outcome: string) =>
      metrics.activitySeconds.observe({ activity: name, outcome }, (performance.now() - startedAtMs) / 1_000);
    try {
      const result = await activity(input);
      end('completed');
      countResult(metrics, input, result);
      return result;
    } catch (error) {
      end(countFailure(metrics, input, error));
      throw error;
    }
  };
}

/** A paid job tells itself when it ends: two activities may wait for one, and a later run may adopt it. */
function countResult(metrics: Metrics, input: Parameters<StepCall>[0], answer: object): void {
  const result = 'result' in answer ? answer.result : answer;
  if (typeof result !== 'object' || result === null || !('outputs' in result)) return;
  const isCached = 'cached' in result && result.cached === true;
  if (input.candidate !== undefined && !isCached) return;
  const { nodeType, mode } = input;
  metrics.steps.inc({ node_type: nodeType, mode, outcome: isCached ? 'cached' : 'completed' });
}

/** @returns how the attempt ended */
function countFailure(
  metrics: Metrics,
  { nodeType, mode, candidate }: Parameters<StepCall>[0],
  error: unknown,
): 'pending' | 'cancelled' | 'retried' | 'failed' {
  if (error instanceof CancelledFailure) return 'cancelled';
  const type = error instanceof ApplicationFailure ? (error.type ?? '') : '';
  if (type === JOB_PENDING) return 'pending';
  const isRetried = !(error instanceof ApplicationFailure) || error.nonRetryable !== true;
  const code = Object.hasOwn(FAILURE_CODES, type)
    ? FAILURE_CODES[type as keyof typeof FAILURE_CODES]
    : 'internal';
  const retried = isRetried ? 'yes' : 'no';
  metrics.failures.inc({ provider: candidate?.provider ?? 'none', code, retried });
  if (!isRetried) metrics.steps.inc({ node_type: nodeType, mode, outcome: 'failed' });
  return isRetried ? 'retried' : 'failed';
}
