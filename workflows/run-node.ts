import { sleep } from '@temporalio/workflow';
import type { StepEnd } from '../pipeline/pure/run/run-state';
import { fillTemplates } from '../pipeline/pure/templates';
import { pureFunctions } from '../pipeline/pure/functions';
import { isAssetReference, utf8Bytes } from '../pipeline/pure/values';
import {
  candidateKey,
  INLINE_VALUE_BYTES_MAX,
  type Candidate,
  type CandidateFailure,
  type ExecutionScope,
  type JobInput,
  type JsonObject,
  type NodeInputs,
  type NodeOutputs,
  type NodeWork,
  type PlanChange,
  type PlanNode,
  type PortValue,
  type StepInput,
  type StepResult,
  type SubmitJobResult,
} from './contract';
import { readStepFailure, stepFailure, type StepFailure } from './failure-policy';
import { nextChange } from './next-change';
import { awaitActivities, ownActivities, sendActivities, type StepPlace } from './step-activities';

/** Carries a decided failure to the interpreter; never leaves the workflow. */
export class StepFailed extends Error {
  constructor(
    readonly failure: StepFailure,
    /** No activity wrote the node's row. */
    readonly unrecorded: boolean,
  ) {
    super(failure.message);
  }
}

/** What a step is run with. */
export interface Given {
  /** Values at connected ports. */
  readonly inputs: NodeInputs;
  /** Outputs of a finished node, for templates. */
  readonly lookup: (nodeId: string) => NodeOutputs | undefined;
  /** States of other nodes, for a step that {@link hasActivity}. */
  readonly news?: StepInput['news'];
}

/** Whether nothing but an activity can do the node's work. */
export function hasActivity({ work }: PlanNode): boolean {
  return ['provider', 'media', 'deliver', 'import'].includes(work.kind);
}

/**
 * Runs one node to its end.
 *
 * @throws StepFailed with what follows from the failure; CancelledFailure when the run was cancelled.
 */
export async function runNode(scope: ExecutionScope, step: StepPlace, given: Given): Promise<StepEnd> {
  const { work } = step.node;
  const input = stepInput(scope, step, given);
  switch (work.kind) {
    case 'pure':
      return runPureNode(step, work, input);
    case 'media':
      return recorded(await ownStep(() => ownActivities(step, 'media').runMedia(input)));
    case 'deliver':
      return recorded(await ownStep(() => ownActivities(step, 'deliver').deliverOutput(input)));
    case 'import': {
      const { url, port, mediaType } = work;
      const importInput = { ...input, url, port, mediaType };
      return recorded(await ownStep(() => ownActivities(step, 'import').importAsset(importInput)));
    }
    case 'provider':
      return runCandidates(step, work.candidates, (changeNumber) =>
        changeNumber === 0 ? input : changedInput(scope, step, changeNumber, given),
      );
    case 'delay':
    case 'review':
    case 'items':
    case 'value':
    case 'group':
      throw new StepFailed(stepFailure('Internal', `A ${work.kind} is no work of a step's own.`), true);
  }
}

function stepInput(
  scope: ExecutionScope,
  { id: step, node }: StepPlace,
  { inputs, lookup, news }: Given,
): StepInput {
  const { config, texts } = fill(node, lookup);
  const { id: nodeId, nodeType, nodeTypeVersion, nodeKey, timeoutSeconds, attemptsMax, cache } = node;
  const type = { nodeType, nodeTypeVersion, nodeKey };
  const settings = { timeoutSeconds, attemptsMax, ...(cache ? { cache } : {}), ...(news ? { news } : {}) };
  return { ...scope, step, nodeId, ...type, config, texts, inputs, ...settings };
}

/** What a try with a change of the node's is made of. */
function changedInput(
  scope: ExecutionScope,
  { id, node }: StepPlace,
  changeNumber: number,
  given: Given,
): StepInput {
  const { config, templates, replacedInputs } = requireChange(node, changeNumber);
  const inputs = Object.fromEntries(
    Object.entries(given.inputs).filter(([port]) => !replacedInputs.includes(port)),
  );
  return stepInput(scope, { id, node: { ...node, config, templates } }, { ...given, inputs });
}

function requireChange(node: PlanNode, changeNumber: number): PlanChange {
  const change = node.changes?.[changeNumber - 1];
  if (change) return change;
  const message = `Node "${node.id}" has no change ${changeNumber}. Report this: the plan is broken.`;
  throw new StepFailed(stepFailure('Internal', message), true);
}

function fill(
  node: PlanNode,
  lookup: (nodeId: string) => NodeOutputs | undefined,
): Pick<StepInput, 'config' | 'texts'> {
  if (node.templates.length === 0) return { config: node.config, texts: [] };
  try {
    return fillTemplates(node.config, node.templates, lookup);
  } catch (error) {
    throw new StepFailed(stepFailure('InputInvalid', messageOf(error)), true);
  }
}

/** Pure functions run here, in the workflow; only what lies in the asset store, or must go there, needs an activity. */
async function runPureNode(
  step: StepPlace,
  { function: name, passesReferences }: Extract<NodeWork, { kind: 'pure' }>,
  input: StepInput,
): Promise<StepEnd> {
  if (passesReferences) return unrecorded(runPureFunction(name, input.config, input.inputs));
  if (input.texts.length === 0 && !Object.values(input.inputs).some(holdsStoredText)) {
    const outputs = runPureFunction(name, input.config, input.inputs);
    if (Object.values(outputs).every(fitsInline)) return unrecorded(outputs);
  }
  return recorded(await ownStep(() => ownActivities(step, 'pure').runPure({ ...input, function: name })));
}

function runPureFunction(name: string, config: JsonObject, inputs: NodeInputs): NodeOutputs {
  const pureFunction = Object.hasOwn(pureFunctions, name) ? pureFunctions[name] : undefined;
  if (!pureFunction) {
    const message = `This worker does not know the function "${name}" of the plan. Run a worker of the release that accepted the execution, or resume it.`;
    throw new StepFailed(stepFailure('Internal', message), true);
  }
  try {
    return pureFunction(config, inputs);
  } catch (error) {
    throw new StepFailed(stepFailure('InputInvalid', messageOf(error)), true);
  }
}

function holdsStoredText(value: PortValue): boolean {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.some((item) => isAssetReference(item) && (item.type === 'text' || item.type === 'json'));
}

function fitsInline(value: PortValue): boolean {
  return utf8Bytes(JSON.stringify(value)) <= INLINE_VALUE_BYTES_MAX;
}

async function ownStep(run: () => Promise<StepResult>): Promise<StepResult> {
  try {
    return await run();
  } catch (error) {
    throw new StepFailed(readStepFailure(error), false);
  }
}

/**
 * Candidates in order of preference, each an activity of its own so that the Temporal UI shows who was tried.
 * After a failure that a change of the node's is for, all of that again with the change, each change once and in order.
 * When every circuit is open, the node waits for the earliest probe and goes round again, within its time limit.
 */
async function runCandidates(
  step: StepPlace,
  candidates: readonly Candidate[],
  inputFor: (changeNumber: number) => StepInput,
): Promise<StepEnd> {
  const { node } = step;
  const deadlineMs = Date.now() + node.timeoutSeconds * 1_000;
  let changeNumber = 0;
  for (;;) {
    const those = changeNumber === 0 ? candidates : requireChange(node, changeNumber).candidates;
    const round = await tryCandidates(step, those, inputFor(changeNumber), changeNumber);
    if (round.end) return round.end;
    const next = round.laterChange ?? nextChange(node.changes ?? [], changeNumber, round.failures);
    if (next !== undefined) {
      changeNumber = next;
      continue;
    }
    const retryAtMs = earliestProbe(round.failures);
    if (retryAtMs === undefined || retryAtMs > deadlineMs)
      throw new StepFailed(combine(node, round.failures), false);
    await sleep(Math.max(retryAtMs - Date.now(), 100), { summary: `${node.label}: every circuit is open` });
  }
}

interface TriedCandidate {
  readonly candidate: Candidate;
  readonly failure: StepFailure;
}

type Round =
  | { readonly end: StepEnd; readonly failures?: undefined }
  | {
      readonly end?: undefined;
      readonly failures: readonly TriedCandidate[];
      /** Where an earlier Temporal run has come to. */
      readonly laterChange?: number;
    };

async function tryCandidates(
  step: StepPlace,
  candidates: readonly Candidate[],
  input: StepInput,
  changeNumber: number,
): Promise<Round> {
  const { changes } = step.node;
  const failures: TriedCandidate[] = [];
  for (const candidate of candidates) {
    const fallbackFrom = failures.map((tried) => candidateKey(tried.candidate));
    try {
      const result = await runCandidate(step, candidate, {
        ...input,
        candidate,
        fallbackFrom,
        ...(changes ? { change: { number: changeNumber, of: changes.length } } : {}),
      });
      return { end: { ...recorded(result), candidate } };
    } catch (error) {
      if (error instanceof TakenUpLater) return { failures, laterChange: error.changeNumber };
      const failure = readStepFailure(error);
      failures.push({ candidate, failure });
      if (!failure.tryNext) return { failures };
    }
  }
  return { failures };
}

/**
 * A job that did not run since our file could not be fetched is no paid attempt: it is opened anew, after 1, 2, 4 s. So
 * is one that we had cancelled ourselves when the run before this one had ended.
 */
async function runCandidate(step: StepPlace, candidate: Candidate, input: JobInput): Promise<StepResult> {
  const { node } = step;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runJob(step, candidate, input);
    } catch (error) {
      const { type } = readStepFailure(error);
      const isAgain = type === 'JobCancelled' || (type === 'InputUnreachable' && attempt < node.attemptsMax);
      if (!isAgain) throw error;
      if (type === 'JobCancelled') continue;
      await sleep(1_000 * 2 ** (attempt - 1), { summary: `${node.label}: its input could not be fetched` });
    }
  }
}

async function runJob(step: StepPlace, candidate: Candidate, input: JobInput): Promise<StepResult> {
  if (candidate.execution === 'sync')
    return resultOf(await sendActivities(step, candidate).callProvider(input));
  const deadlineMs = Date.now() + step.node.timeoutSeconds * 1_000;
  const submitted = await sendActivities(step, candidate).submitJob(input);
  if (submitted.status !== 'accepted') return resultOf(submitted);
  const { executionId, accountId, mode, continuedFromRunId, nodeId, nodeType, timeoutSeconds } = input;
  const scope = { executionId, accountId, mode, ...(continuedFromRunId ? { continuedFromRunId } : {}) };
  const job = { ...scope, jobId: submitted.jobId, step: input.step };
  const awaitInput = { ...job, nodeId, nodeType, candidate, timeoutSeconds };
  for (;;) {
    const remainingMs = Math.max(deadlineMs - Date.now(), 1_000);
    const awaited = await awaitActivities(step, candidate, remainingMs).awaitJob(awaitInput);
    if (awaited.status === 'completed') return awaited.result;
  }
}

/** Leads from a job back to the choice of the change; never leaves this file. */
class TakenUpLater extends Error {
  constructor(readonly changeNumber: number) {
    super(`The node goes on from its change ${changeNumber}.`);
  }
}

function resultOf(
  answer: StepResult | Exclude<SubmitJobResult, { readonly status: 'accepted' }>,
): StepResult {
  if (!('status' in answer)) return answer;
  if (answer.status === 'completed') return answer.result;
  throw new TakenUpLater(answer.changeNumber);
}

function earliestProbe(failures: readonly TriedCandidate[]): number | undefined {
  const times = failures.map(({ failure }) =>
    failure.type === 'CircuitOpen' ? failure.retryAtMs : undefined,
  );
  const known = times.filter((time): time is number => time !== undefined);
  return known.length === failures.length && known.length > 0 ? Math.min(...known) : undefined;
}

/** One candidate's failure is the node's; several are told together, the last decisive one first if it ended the chain. */
function combine(node: PlanNode, failures: readonly TriedCandidate[]): StepFailure {
  const last = failures.at(-1);
  if (!last)
    return stepFailure('Internal', `Node "${node.id}" has no candidate. Report this: the plan is broken.`);
  const candidates = failures.map(toCandidateFailure);
  if (failures.length === 1 || !last.failure.tryNext) return { ...last.failure, candidates };
  const told = failures
    .map(({ candidate, failure }) => `${candidateKey(candidate)}: ${failure.message}`)
    .join(' | ');
  const message = `Every candidate of ${node.nodeType} failed. ${told}`;
  return { ...stepFailure('AllProvidersFailed', message), candidates };
}

function toCandidateFailure({ candidate, failure }: TriedCandidate): CandidateFailure {
  const { provider, model } = candidate;
  const { code, message, retryable } = failure;
  return { provider, model, code, message, retryable };
}

function recorded(result: StepResult): StepEnd {
  return { outputs: result.outputs, credits: result.credits, attempts: result.attempts, unrecorded: false };
}

function unrecorded(outputs: NodeOutputs): StepEnd {
  return { outputs, credits: 0, attempts: 0, unrecorded: true };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
