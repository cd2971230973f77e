/** A graph as ids and what each waits for. Ids in `dependsOn` that are no keys are ignored. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

export interface Order {
  /** Ids so that each comes after all it waits for; without those that are in or behind a cycle. */
  readonly sorted: readonly string[];
  /** Cycles as ids in the direction of the edges, each beginning with its node that was posted first. */
  readonly cycles: readonly (readonly string[])[];
}

/** Sorts topologically and names cycles; O(V+E). */
export function orderNodes(dependencies: Dependencies): Order {
  const followers = new Map<string, string[]>([...dependencies.keys()].map((id) => [id, []]));
  const waitsFor = new Map<string, number>();
  for (const [id, upstreams] of dependencies) {
    const known = upstreams.filter((upstream) => followers.has(upstream));
    waitsFor.set(id, known.length);
    for (const upstream of known) followers.get(upstream)?.push(id);
  }
  const sorted = [...dependencies.keys()].filter((id) => waitsFor.get(id) === 0);
  for (let next = 0; next < sorted.length; next += 1) {
    for (const follower of followers.get(sorted[next] ?? '') ?? []) {
      const left = (waitsFor.get(follower) ?? 0) - 1;
      waitsFor.set(follower, left);
      if (left === 0) sorted.push(follower);
    }
  }
  const unsorted = new Set([...dependencies.keys()].filter((id) => (waitsFor.get(id) ?? 0) > 0));
  return { sorted, cycles: unsorted.size > 0 ? findCycles(unsorted, dependencies) : [] };
}

/** Walks upstream from every unsorted node: each of them waits for another one, so each walk closes a cycle or ends in an old one. */
function findCycles(unsorted: ReadonlySet<string>, dependencies: Dependencies): string[][] {
  const cycles: string[][] = [];
  const walked = new Set<string>();
  for (const start of unsorted) {
    const walk: string[] = [];
    const places = new Map<string, number>();
    let current: string | undefined = start;
    while (current !== undefined && !walked.has(current)) {
      walked.add(current);
      places.set(current, walk.length);
      walk.push(current);
      current = dependencies.get(current)?.find((upstream) => unsorted.has(upstream));
    }
    const closes = current === undefined ? undefined : places.get(current);
    if (closes !== undefined) cycles.push(fromFirst(walk.slice(closes).reverse(), dependencies));
  }
  return cycles;
}

function fromFirst(cycle: readonly string[], dependencies: Dependencies): string[] {
  const members = new Set(cycle);
  const first = [...dependencies.keys()].find((id) => members.has(id)) ?? '';
  const start = cycle.indexOf(first);
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}
