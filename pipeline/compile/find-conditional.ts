import type { PlanInput } from '../../workflows/contract';
import { decidingInputs, isInside, type DraftNode } from './draft-node';
import type { DraftOrder } from './order-drafts';
import { outputsSeenBy } from './port-shapes';

/**
 * Nodes that a run may skip, since a branch leads to them: they count nothing in the lowest price. By the same rule as a
 * run goes by (`isCutOff`), with every port that may be absent taken for absent.
 */
export function findConditional(
  { sorted }: DraftOrder,
  drafts: ReadonlyMap<string, DraftNode>,
): ReadonlySet<string> {
  const conditional = new Set<string>();
  for (const { draft } of sorted) {
    const isUnsure = ({ sourceNodeId, sourcePort }: PlanInput): boolean => {
      const source = drafts.get(sourceNodeId);
      if (!source) return false;
      const isGiven = isInside(draft, source);
      return (
        (!isGiven && conditional.has(sourceNodeId)) ||
        source.settings.onError === 'continue' ||
        outputsSeenBy(draft, source)[sourcePort]?.mayBeAbsent === true ||
        // What a workflow gives comes from one of its nodes, which may be skipped.
        (!isGiven &&
          runsOnce(source) &&
          source.taken.some((taken) => taken.port === sourcePort && isUnsure(taken)))
      );
    };
    if (isConditional(draft, isUnsure) || (draft.group && conditional.has(draft.group.id)))
      conditional.add(draft.id);
  }
  return conditional;
}

function runsOnce({ definition: { implementation } }: DraftNode): boolean {
  return implementation.kind === 'group' && implementation.runsOnce === true;
}

function isConditional(draft: DraftNode, isUnsure: (input: PlanInput) => boolean): boolean {
  const inputs = draft.passes?.fallback === undefined ? decidingInputs(draft) : [];
  const { templates } = draft;
  if (inputs.length > 0 && inputs.every(isUnsure)) return true;
  const needed = inputs.filter(({ whenMissing }) => whenMissing !== 'none');
  const isLost = (input: PlanInput): boolean =>
    isUnsure(input) &&
    (input.whenMissing === undefined ||
      needed.every((other) => other.port !== input.port || isUnsure(other)));
  const references = templates.flatMap(({ parts }) =>
    parts.flatMap((part) =>
      part.kind === 'reference'
        ? [{ port: '', many: false, sourceNodeId: part.nodeId, sourcePort: part.port }]
        : [],
    ),
  );
  return needed.some(isLost) || references.some(isUnsure);
}
