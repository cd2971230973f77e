import type { PortType } from '../../workflows/contract';

/**
 * What may flow into a port without asking: the same type, a number or a boolean where text or JSON is wanted (it reads
 * as itself), and media where any file is wanted. Text is not JSON: `utility:json_parse` says so explicitly. A list flows
 * into a port that takes many, or as JSON unless media are in it.
 */
export function fits(output: NamedPort, input: NamedPort): boolean {
  if (output.list && !input.many) return input.type === 'json' && fitsAsJson(output.type);
  return isOfType(output.type, input.type);
}

/** Whether a value of the one type may stand where the other is wanted. */
export function isOfType(output: PortType | 'any', input: PortType | 'any'): boolean {
  if (output === input || input === 'any' || output === 'any') return true;
  return widening[input]?.includes(output) ?? false;
}

function fitsAsJson(element: PortType | 'any'): boolean {
  return element === 'json' || element === 'text' || element === 'number' || element === 'boolean';
}

const widening: Readonly<Partial<Record<PortType, readonly PortType[]>>> = {
  text: ['number', 'boolean'],
  json: ['number', 'boolean'],
  file: ['image', 'video', 'audio'],
};

export interface NamedPort {
  readonly name: string;
  readonly type: PortType | 'any';
  readonly required?: boolean;
  readonly many?: boolean;
  readonly list?: boolean;
}

export interface PortPair {
  readonly output: NamedPort;
  readonly input: NamedPort;
}

/**
 * The one pair of ports that an edge without handles must mean: same type before convertible, required before optional.
 * @returns all pairs of the best rank; one: inferred; none: nothing fits; several: ambiguous.
 */
export function bestPairs(outputs: readonly NamedPort[], inputs: readonly NamedPort[]): readonly PortPair[] {
  const ranked = outputs.flatMap((output) =>
    inputs
      .filter((input) => fits(output, input))
      .map((input) => ({ output, input, rank: rankOf(output, input) })),
  );
  const best = Math.max(...ranked.map((pair) => pair.rank), 0);
  return ranked.filter((pair) => pair.rank === best);
}

function rankOf(output: NamedPort, input: NamedPort): number {
  return (output.type === input.type ? 2 : 0) + (input.required ? 1 : 0);
}
