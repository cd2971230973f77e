import { pureFunctions } from '../../../pipeline/pure/functions';
import type { JsonObject, NodeInputs, NodeOutputs } from '../../../workflows/contract';

/** What a step makes: of everything that it is made of, so that a swapped, lost or stale input shows in all that follow. */
export function fakeWork(
  nodeType: string,
  step: string,
  config: JsonObject,
  inputs: NodeInputs,
): NodeOutputs {
  if (nodeType === 'input:text') return inputs;
  if (nodeType.startsWith('control:')) {
    const name = nodeType.replace(':', '_');
    return pureFunctions[name]?.(config, inputs) ?? {};
  }
  const made = digest([nodeType, step, config, inputs]);
  if (nodeType === 'utility:text_length') return { number: made % 100 };
  return { text: made.toString(2).slice(-(4 + (made % 9))) };
}

/** Whether this step fails in this world; paid work fails now and then. */
export function failsIn(world: number, nodeType: string, step: string): boolean {
  if (nodeType !== 'utility:text_join') return false;
  return digest([world, step]) % 8 === 0;
}

/** FNV-1a. */
function digest(value: unknown): number {
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(value)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}
