import { sleep } from '@temporalio/workflow';
import type { Step } from '../pipeline/pure/run/scope';
import type { StepEnd } from '../pipeline/pure/run/run-state';
import { fillTemplates, TemplateError } from '../pipeline/pure/templates';
import type { JsonObject, NodeInputs, NodeOutputs } from './contract';
import { stepFailure } from './failure-policy';
import { StepFailed } from './run-node';

/**
 * Waits by a timer of Temporal's, which no crash and no restart shortens or lengthens, and passes its value on.
 *
 * @throws StepFailed when the time is not to be read.
 */
export async function runDelay(
  { id, node, state }: Step,
  inputs: NodeInputs,
  lookup: (nodeId: string) => NodeOutputs | undefined,
): Promise<StepEnd> {
  const config = fillConfig(node, lookup);
  state.dueAtMs ??= dueAt(config, state.beganAtMs ?? Date.now());
  state.isAnnounced = true;
  const { value } = inputs;
  const outputs: NodeOutputs = value === undefined ? { done: true } : { value, done: true };
  if (state.dueAtMs > Date.now())
    await sleep(state.dueAtMs - Date.now(), { summary: `${node.label} (${id})` });
  return { outputs, credits: 0, attempts: 0, unrecorded: true };
}

/** @throws StepFailed */
export function fillConfig(
  node: Step['node'],
  lookup: (nodeId: string) => NodeOutputs | undefined,
): JsonObject {
  try {
    return fillTemplates(node.config, node.templates, lookup).config;
  } catch (error) {
    if (error instanceof TemplateError)
      throw new StepFailed(stepFailure('InputInvalid', error.message), true);
    throw error;
  }
}

function dueAt({ seconds, until }: JsonObject, beganAtMs: number): number {
  const dueAtMs =
    typeof until === 'string' && until !== '' ? Date.parse(until) : beganAtMs + Number(seconds) * 1_000;
  if (Number.isFinite(dueAtMs)) return dueAtMs;
  const message = `A delay needs "seconds", or "until" as a time such as 2026-12-24T18:00:00Z; it got ${JSON.stringify(until ?? seconds ?? null)}.`;
  throw new StepFailed(stepFailure('InputInvalid', message), true);
}
