import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow';
import {
  candidateKey,
  mediaTaskQueue,
  providerTaskQueue,
  type Activities,
  type Candidate,
  type LocalActivities,
  type PlanNode,
} from './contract';

/** A node in one place of a run. */
export interface StepPlace {
  readonly id: string;
  readonly node: PlanNode;
}

/**
 * A worker that was killed is noticed after this long. Activities heartbeat every second, from a timer and not from
 * their work, so a slow provider or a busy disk does not look like a dead worker. The SDK passes a heartbeat on only
 * every 0.8 of this, unless the worker caps that: a shorter time would take a pause of half a second for a death.
 */
const HEARTBEAT_TIMEOUT = '4 s';

/** Longest single send with all that surrounds it: resolving media, one HTTP exchange of at most 90 s, waiting out a lease. */
const SEND_TIMEOUT = '5 min';

/** Longest look at an accepted job: the last one downloads its result, which may take ten minutes. */
const AWAIT_TIMEOUT = '15 min';

/** Killed workers and a database that is away use up attempts of local work as well; those are not the node's. */
const SPARE_ATTEMPTS = 20;

/** Local media work ends itself at the node's time limit; Temporal's own limit comes after that. */
const OWN_LIMIT_MARGIN_SECONDS = 30;

const RETRY_FOR_EVER = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '10 s' } as const;

/**
 * Sends to a provider. Attempts are counted by the database (a killed worker must not use one up), which ends them by
 * a non-retryable failure; so Temporal's own count is unlimited within the step's time-out. A paid submit is waited
 * for when the run is cancelled: its late success must not be lost.
 */
export function sendActivities(
  { id, node }: StepPlace,
  candidate: Candidate,
): Pick<Activities, 'submitJob' | 'callProvider'> {
  return proxyActivities<Activities>({
    taskQueue: providerTaskQueue(workflowInfo().taskQueue, candidate.provider),
    activityId: `${id}/${candidateKey(candidate)}/${candidate.execution === 'queue' ? 'submit' : 'call'}`,
    summary: summary(id, node, candidate),
    startToCloseTimeout: SEND_TIMEOUT,
    scheduleToCloseTimeout: `${node.timeoutSeconds} s`,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // The activity says itself when a failed send is tried again: this is for workers that were killed, or that hang and
    // take tasks all the same. A growing interval would let them hold the step up the longer.
    retry: { initialInterval: '1 s', backoffCoefficient: 1 },
  });
}

/** Waits for an accepted job: polls a few seconds, then yields its slot by a retry, which costs no history events. */
export function awaitActivities(
  { id, node }: StepPlace,
  candidate: Candidate,
  remainingMs: number,
): Pick<Activities, 'awaitJob'> {
  return proxyActivities<Activities>({
    taskQueue: workflowInfo().taskQueue,
    activityId: `${id}/${candidateKey(candidate)}/await`,
    summary: summary(id, node, candidate),
    startToCloseTimeout: AWAIT_TIMEOUT,
    scheduleToCloseTimeout: remainingMs,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    // Each look that finds the job pending is an attempt: with a growing interval the retry after a killed worker would
    // wait for the longest one.
    retry: { initialInterval: '1 s', backoffCoefficient: 1 },
  });
}

/**
 * Work of our own that pays nobody: local media, pure functions over stored text, imports of URLs, deliveries. The activity counts
 * the attempts that are the node's own, and ends them by a non-retryable failure.
 */
export function ownActivities(
  { id, node }: StepPlace,
  name: 'media' | 'pure' | 'import' | 'deliver',
): Pick<Activities, 'runMedia' | 'runPure' | 'importAsset' | 'deliverOutput'> {
  const taskQueue = workflowInfo().taskQueue;
  return proxyActivities<Activities>({
    taskQueue: name === 'media' ? mediaTaskQueue(taskQueue) : taskQueue,
    activityId: `${id}/${name}`,
    summary: summary(id, node),
    startToCloseTimeout: `${node.timeoutSeconds + OWN_LIMIT_MARGIN_SECONDS} s`,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      ...RETRY_FOR_EVER,
      maximumAttempts: node.attemptsMax + SPARE_ATTEMPTS,
      nonRetryableErrorTypes: ['TemporalTimeout:StartToClose'],
    },
  });
}

/** Cancels what is still open at providers; runs after the run itself was cancelled. */
export const { cancelJobs } = proxyActivities<Pick<Activities, 'cancelJobs'>>({
  startToCloseTimeout: '2 min',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  summary: 'Cancel open jobs',
  retry: { ...RETRY_FOR_EVER, maximumAttempts: 12 },
});

/** A slow database must not hold commands back: one try of two seconds; the next write carries the whole state. */
export const { recordProgress } = proxyLocalActivities<Pick<LocalActivities, 'recordProgress'>>({
  startToCloseTimeout: '2 s',
  retry: { maximumAttempts: 1 },
});

/** The full truth, retried until it is written. */
export const {
  continueExecution,
  drainExecution,
  finishExecution,
  loadItem,
  openItems,
  openReview,
  pauseExecution,
} = proxyLocalActivities<Omit<LocalActivities, 'recordProgress'>>({
  startToCloseTimeout: '15 s',
  retry: { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '10 s' },
});

/** "label · type · provider/model", at most 200 bytes as Temporal asks; in a group with the step. */
function summary(step: string, node: PlanNode, candidate?: Candidate): string {
  const text = [
    step === node.id ? node.label : `${node.label} (${step})`,
    node.nodeType,
    ...(candidate ? [`${candidate.provider}/${candidate.model}`] : []),
  ].join(' · ');
  return truncateUtf8(text, 200);
}

/** Cuts at a character and leaves room for what a character may weigh: 3 bytes for a UTF-16 unit at most. */
function truncateUtf8(text: string, bytesMax: number): string {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (bytes > bytesMax - 3) return `${text.slice(0, index)}…`;
  }
  return text;
}
