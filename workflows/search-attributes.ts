import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SearchAttributePair,
  type SearchAttributeUpdatePair,
} from '@temporalio/common';
import type { ExecutionFailure, ExecutionInput } from './contract';
import type { RunState } from '../pipeline/pure/run/run-state';

const everframeStatus = defineSearchAttributeKey('EverframeStatus', SearchAttributeType.KEYWORD);
const failedNode = defineSearchAttributeKey('FailedNode', SearchAttributeType.KEYWORD);
const providers = defineSearchAttributeKey('Providers', SearchAttributeType.KEYWORD_LIST);
const account = defineSearchAttributeKey('AccountId', SearchAttributeType.KEYWORD);
const workflow = defineSearchAttributeKey('WorkflowName', SearchAttributeType.KEYWORD);
const creditsCharged = defineSearchAttributeKey('CreditsCharged', SearchAttributeType.INT);

/** Of a run that begins. */
export function startAttributes({
  accountId,
  workflowName,
}: Pick<ExecutionInput, 'accountId' | 'workflowName'>): SearchAttributePair[] {
  return [
    { key: everframeStatus, value: 'RUNNING' },
    { key: account, value: accountId },
    { key: workflow, value: workflowName },
  ];
}

export function statusAttributes(outcome: {
  readonly status: 'RUNNING' | 'WAITING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly failure?: ExecutionFailure;
}): SearchAttributeUpdatePair[] {
  return [
    { key: everframeStatus, value: outcome.status },
    { key: failedNode, value: outcome.failure?.nodeId ?? null },
  ];
}

export function summaryAttributes(state: RunState, charged: number): SearchAttributeUpdatePair[] {
  const served = new Set<string>();
  for (const { servedBy } of state.steps.values()) {
    if (servedBy) served.add(servedBy.slice(0, servedBy.indexOf(':')));
  }
  return [
    { key: creditsCharged, value: charged },
    ...(served.size > 0 ? [{ key: providers, value: [...served].sort() }] : []),
  ];
}
