import type { GraphNode } from '../graph';
import { quote } from '../graph-issue';
import type { NodeDefinition } from '../node-definition';
import { nodeDefinition, nodeDefinitions } from '../nodes';
import { nodePath, type Findings } from './draft-node';
import { nearest } from './nearest';

/** The definition of a posted node's type; undefined after reporting, with the type that was probably meant. */
export function findDefinition(node: GraphNode, findings: Findings): NodeDefinition | undefined {
  const { nodeType } = node;
  const definition = nodeType === undefined ? undefined : nodeDefinition(nodeType);
  if (definition) return definition;
  const path = nodePath(node, 'data', 'nodeType');
  const catalog = 'GET /api/v1/nodes lists all types.';
  if (nodeType === undefined) {
    const fix = `Set data.nodeType, for instance "generate:flux_2_pro". ${catalog}`;
    findings.add(path, 'node_type_missing', `Node "${node.id}" has no type.`, fix);
    return undefined;
  }
  const meant = nearestType(nodeType);
  const fix = meant ? `Did you mean "${meant}"? ${catalog}` : catalog;
  findings.add(path, 'node_type_unknown', `There is no node type ${quote(nodeType)}.`, fix);
  return undefined;
}

/** By the whole type, or by the name alone when the category was left out or mistaken. */
function nearestType(nodeType: string): string | undefined {
  const types = nodeDefinitions.map((known) => known.type);
  const whole = nearest(nodeType, types);
  if (whole) return whole;
  const named = nearest(nameOf(nodeType), types.map(nameOf));
  return named === undefined ? undefined : types.find((type) => nameOf(type) === named);
}

function nameOf(type: string): string {
  return type.split(':').at(-1) ?? type;
}
