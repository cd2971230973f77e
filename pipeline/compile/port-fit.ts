import type { PortType } from '../../workflows/contract';

/**
 * What may flow into a port without asking: the same type, a number or a boolean where text or JSON is wanted (it reads
 * as itself), and media where any file is wanted. Text is not JSON: `utility:json_parse` says so explicitly.
 */
export function fits(output: PortType, input: PortType): boolean {
  return output === input || (widening[input]?.includes(output) ?? false);
}

const widening: Readonly<Partial<Record<PortType, readonly PortType[]>>> = {
  text: ['number', 'boolean'],
  json: ['number', 'boolean'],
  file: ['image', 'video', 'audio'],
};

export interface NamedPort {
  readonly name: string;
  readonly type: PortType;
  readonly required?: boolean;
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
      .filter((input) => fits(output.type, input.type))
      .map((input) => ({ output, input, rank: rankOf(output, input) })),
  );
  const best = Math.max(...ranked.map((pair) => pair.rank), 0);
  return ranked.filter((pair) => pair.rank === best);
}

function rankOf(output: NamedPort, input: NamedPort): number {
  return (output.type === input.type ? 2 : 0) + (input.required ? 1 : 0);
}
