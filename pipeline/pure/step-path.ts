import { nodeIdOfStep } from '../../workflows/contract';

/**
 * Steps of a node that a step may take from, nearest first: of the same iteration, then of those around it. Only one of
 * them exists, since a node has a step for each iteration of the groups around it.
 */
export function stepsSeenFrom(step: string, nodeId: string): readonly string[] {
  const folder = step.lastIndexOf('/') + 1;
  const local = nodeId.slice(nodeId.lastIndexOf('/') + 1);
  const numbers = step.slice(folder).split('.').slice(1);
  const beside = numbers.map((_number, index) => numbers.slice(0, numbers.length - index));
  const own = [...beside, []].map((kept) => [`${step.slice(0, folder)}${local}`, ...kept].join('.'));
  if (folder === 0 || nodeIdOfStep(step.slice(0, folder)) === nodeId.slice(0, nodeId.lastIndexOf('/') + 1))
    return own;
  return stepsSeenFrom(step.slice(0, folder - 1), nodeId);
}
