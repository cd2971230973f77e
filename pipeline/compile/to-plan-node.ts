import type { PlanNode } from '../../workflows/contract';
import { dependencies, type DraftNode } from './draft-node';

const TIMEOUT_SECONDS_LEAST = 600;

/** A draft without faults as the plan carries it. */
export function toPlanNode(draft: DraftNode, nodeKey: string): PlanNode {
  const { id, posted, definition, settings, inputs, config, templates } = draft;
  return {
    id,
    label: posted.label ?? definition.label,
    nodeType: definition.type,
    nodeTypeVersion: definition.version,
    work: workOf(draft),
    inputs,
    config,
    templates,
    dependsOn: dependencies(draft),
    nodeKey,
    onError: settings.onError,
    timeoutSeconds:
      settings.timeoutSeconds ?? Math.max(TIMEOUT_SECONDS_LEAST, definition.expectedSeconds * 10),
    attemptsMax: settings.attemptsMax,
    ...(draft.changes.length > 0 ? { changes: draft.changes } : {}),
    ...(settings.cache ? { cache: settings.cache } : {}),
  };
}

function workOf({ definition, work, candidates }: DraftNode): PlanNode['work'] {
  const { implementation } = definition;
  switch (implementation.kind) {
    case 'input':
      return work ?? { kind: 'value', outputs: {} };
    case 'pure':
      return { kind: 'pure', function: implementation.function };
    case 'media':
      return { kind: 'media' };
    case 'provider':
      return { kind: 'provider', candidates };
  }
}
