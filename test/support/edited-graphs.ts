import fc from 'fast-check';
import type { BuiltGraph } from './graph-builder';

/** A step of the model: what a paid text node is made from, and what is only drawn at it. */
interface ModelStep {
  readonly id: string;
  readonly system: string;
  readonly maxTokens: number;
  /** Id of the step whose text is its prompt; null: the run's own prompt. */
  readonly source: string | null;
  /** Id of a step whose text its system names by a template. */
  readonly named: string | null;
  /** Is drawn, and decides nothing. */
  readonly label: string;
  readonly x: number;
}

export interface EditedGraphs {
  readonly before: BuiltGraph;
  readonly after: BuiltGraph;
  /** Steps of `after` that must be paid again: those that were changed or are new, and all that is made from them. */
  readonly changed: ReadonlySet<string>;
  readonly stepIds: readonly string[];
}

/**
 * Random pipelines of paid text steps and a random edit of each: other config, other source, steps that come and go, and
 * edits that change nothing (labels, positions, the order of nodes and edges).
 *
 * @param salt - Goes into each prompt, so that a ledger can tell the runs apart.
 */
export function editedGraphs(salt: string, stepsMax: number): fc.Arbitrary<EditedGraphs> {
  return fc
    .tuple(
      fc.array(drafts, { minLength: 1, maxLength: stepsMax }),
      fc.array(edits, { maxLength: 4 }),
      fc.nat(1_000),
    )
    .map(([rows, changes, turn]) => {
      const before = rows.map(toStep);
      const after = changes.reduce(applyEdit, before);
      return {
        before: toGraph(before, salt, 0),
        after: toGraph(after, salt, turn),
        changed: changedSteps(before, after),
        stepIds: after.map((step) => step.id),
      };
    });
}

const systems = fc.constantFrom('Be brief.', 'Be kind.', 'Rhyme.');
const drafts = fc.record({
  system: systems,
  maxTokens: fc.constantFrom(64, 128),
  source: fc.nat(9),
  named: fc.nat(9),
});

function toStep(
  draft: { system: string; maxTokens: number; source: number; named: number },
  index: number,
): ModelStep {
  const { system, maxTokens } = draft;
  return {
    ...{ id: `s${index}`, system, maxTokens, label: `Step ${index}`, x: index },
    source: earlier(draft.source, index),
    named: draft.named > 6 ? earlier(draft.named, index) : null,
  };
}

/** Sources lie before their steps, so that no edit makes a cycle. */
function earlier(choice: number, index: number): string | null {
  return index === 0 || choice === 9 ? null : `s${choice % index}`;
}

type Edit = { readonly at: number; readonly to: number } & (
  | { readonly kind: 'system' | 'tokens' | 'label' | 'move' | 'source' | 'name' | 'remove' }
  | { readonly kind: 'add' }
);

const edits: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('system', 'tokens', 'label', 'move', 'source', 'name', 'remove', 'add'),
  at: fc.nat(9),
  to: fc.nat(9),
});

function applyEdit(steps: readonly ModelStep[], { kind, at, to }: Edit): readonly ModelStep[] {
  const index = at % Math.max(steps.length, 1);
  const change = (part: Partial<ModelStep>): readonly ModelStep[] =>
    steps.map((step, place) => (place === index ? { ...step, ...part } : step));
  const other = index === 0 ? null : (steps[to % index]?.id ?? null);
  switch (kind) {
    case 'system':
      return change({ system: `Be ${to}.` });
    case 'tokens':
      return change({ maxTokens: 200 + to });
    case 'label':
      return change({ label: `Renamed ${to}` });
    case 'move':
      return change({ x: 100 + to });
    case 'source':
      return change({ source: other });
    case 'name':
      return change({ named: other });
    case 'remove':
      return steps.length > 1 ? without(steps, steps[index]?.id ?? '') : steps;
    case 'add':
      return [
        ...steps,
        {
          ...toStep({ system: 'New.', maxTokens: 64, source: to, named: 0 }, 0),
          id: `a${steps.length}-${to}`,
        },
      ];
  }
}

function without(steps: readonly ModelStep[], id: string): readonly ModelStep[] {
  const cut = (source: string | null): string | null => (source === id ? null : source);
  return steps
    .filter((step) => step.id !== id)
    .map((step) => ({ ...step, source: cut(step.source), named: cut(step.named) }));
}

/** The reference: by the meaning of the steps alone, without keys or hashes. */
function changedSteps(before: readonly ModelStep[], after: readonly ModelStep[]): ReadonlySet<string> {
  const known = new Map(before.map((step) => [step.id, step]));
  const changed = new Set<string>();
  for (const step of after) {
    const old = known.get(step.id);
    const isSame =
      old?.system === step.system &&
      old.maxTokens === step.maxTokens &&
      old.source === step.source &&
      old.named === step.named;
    const isMadeFromChanged = [step.source, step.named].some(
      (source) => source !== null && changed.has(source),
    );
    if (!isSame || isMadeFromChanged) changed.add(step.id);
  }
  return changed;
}

function toGraph(steps: readonly ModelStep[], salt: string, turn: number): BuiltGraph {
  const nodes = steps.map(({ id, system, maxTokens, source, named, label, x }) => ({
    id,
    position: { x, y: 0 },
    data: {
      nodeType: 'text:llm',
      label,
      config: {
        system: `${salt} ${id} ${system}${named === null ? '' : ` After \${nodes.${named}.text}`}`,
        maxTokens,
        ...(source === null ? { prompt: `${salt} ${id}` } : {}),
      },
    },
  }));
  const edges = steps.flatMap(({ id, source }) =>
    source === null
      ? []
      : [{ id: `${source}-${id}`, source, target: id, sourceHandle: 'text', targetHandle: 'prompt' }],
  );
  return { nodes: rotate(nodes, turn), edges: rotate(edges, turn), triggerData: {} };
}

function rotate<T>(items: readonly T[], turn: number): T[] {
  const by = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(by), ...items.slice(0, by)];
}
