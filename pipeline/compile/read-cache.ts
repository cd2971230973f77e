import type { GraphNode } from '../graph';
import { describe } from '../graph-issue';
import type { NodeDefinition } from '../node-definition';
import { configShape } from '../nodes/node-config';
import { nodePath, type Findings, type NodeSettings } from './draft-node';

/** `data.cache`: only where the same request gives the same result, or a user would get another one than he asked for. */
export function readCache(
  node: GraphNode,
  definition: NodeDefinition,
  findings: Findings,
): NodeSettings['cache'] {
  const { cache } = node.data;
  if (cache === undefined || cache === null || cache === false) return undefined;
  const path = nodePath(node, 'data', 'cache');
  if (cache !== 'workspace') {
    const message = `cache must be "workspace", but is ${describe(cache)}.`;
    findings.add(path, 'setting_invalid', message, 'Set "workspace", or leave cache out.');
    return undefined;
  }
  if (definition.implementation.kind !== 'provider') {
    findings.warn(path, 'cache_ignored', `${definition.type} costs nothing; data.cache has no effect.`);
    return undefined;
  }
  if (definition.deterministic !== true) {
    const message = `${definition.type} gives another result each time, so an earlier one cannot stand for it.`;
    findings.add(path, 'cache_not_deterministic', message, 'Remove data.cache.');
    return undefined;
  }
  if ('seed' in configShape(definition.config) && !Object.hasOwn(node.config, 'seed')) {
    const message = `${definition.type} gives another result each time unless it has a seed.`;
    findings.add(
      path,
      'cache_not_deterministic',
      message,
      'Set config.seed to a number, or remove data.cache.',
    );
    return undefined;
  }
  return 'workspace';
}
