import { condition } from '@temporalio/workflow';
import type { Step } from '../pipeline/pure/run/scope';
import type { StepEnd } from '../pipeline/pure/run/run-state';
import type { ExecutionScope, JsonObject, NodeOutputs, PortValue, ReviewAnswer } from './contract';
import type { ReviewInbox } from './review-inbox';
import { openReview } from './step-activities';

export interface ReviewContext {
  readonly scope: ExecutionScope;
  readonly inbox: ReviewInbox;
  /** Called once a person is asked: from then on the step holds nothing. */
  readonly onAsked: () => void;
}

/**
 * Waits for a person. The database has the question and the answer; this run only looks, at the beginning, when it is told
 * to, and when the time is over. So a crash, a reset or another run of the execution asks nobody twice.
 */
export async function runReview(
  { id, node }: Step,
  value: PortValue,
  config: JsonObject,
  { scope, inbox, onAsked }: ReviewContext,
): Promise<StepEnd> {
  const { timeoutSeconds } = config;
  const request = {
    ...scope,
    ...{ step: id, nodeId: node.id, nodeKey: node.nodeKey, label: node.label, value },
    title: textOr(config['title'], node.label),
    instructions: textOr(config['instructions'], ''),
    ...(typeof timeoutSeconds === 'number' ? { timeoutSeconds } : {}),
  };
  let isAsked = false;
  for (;;) {
    const heard = inbox.timesHeard(id);
    const answer = await openReview(request);
    if (answer.status === 'decided')
      return { outputs: outputsOf(answer, config), credits: 0, attempts: 0, unrecorded: true };
    if (!isAsked) onAsked();
    isAsked = true;
    const isTold = (): boolean => inbox.timesHeard(id) > heard;
    if (answer.remainingMs === undefined) await condition(isTold);
    else await condition(isTold, Math.max(answer.remainingMs, 100));
  }
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

/** One way of three is taken; the others are skipped. */
function outputsOf(
  { decision, comment, value }: Extract<ReviewAnswer, { status: 'decided' }>,
  { onTimeout }: JsonObject,
): NodeOutputs {
  const isTimedOut = decision === 'timed_out';
  const isApproved =
    decision === 'approve' || decision === 'replace' || (isTimedOut && onTimeout === 'approve');
  const way = isApproved ? 'approved' : isTimedOut && onTimeout !== 'reject' ? 'timedOut' : 'rejected';
  return { [way]: value, decision, comment, score: isApproved ? 1 : 0 };
}
