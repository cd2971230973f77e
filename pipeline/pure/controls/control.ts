import type { JsonObject, NodeInputs, NodeOutputs } from '../../../workflows/contract';

/** What a group has come to; all that its decision may depend on, so that a run which goes on decides the same again. */
export interface ControlView {
  /** With its templates filled. */
  readonly config: JsonObject;
  readonly inputs: NodeInputs;
  /** Those that were opened, by number from 1. */
  readonly iterations: readonly Iteration[];
}

export interface Iteration {
  readonly number: number;
  /** `failed`: a member failed, and what did not depend on it is over as well. */
  readonly status: 'open' | 'done' | 'failed';
  /** What its members have brought to the inner ports. */
  readonly results: NodeInputs;
  /** Charged for its steps. */
  readonly credits: number;
}

export type Decision =
  /** Opens the next iterations, in order, each with what it gives to its members; none: waits for those that are open. */
  | { readonly kind: 'open'; readonly given: readonly NodeOutputs[] }
  | { readonly kind: 'done'; readonly outputs: NodeOutputs }
  /** Fails with the failure of this iteration. */
  | { readonly kind: 'failed'; readonly iteration: number }
  /** Fails since it was asked for what cannot be. */
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * What a group does next; called when it begins and whenever an iteration has ended. Pure, and total but for
 * `PureFunctionError`. It ends (done, failed, invalid) only while no iteration is open: what was paid is waited for.
 */
export type Control = (view: ControlView) => Decision;

export const wait: Decision = { kind: 'open', given: [] };
