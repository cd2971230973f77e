import { createHash } from 'node:crypto';
import type { EverframeClient } from '../../client/everframe-client';
import type { WorkflowInput } from '../../client/workflow-types';
import type { Example } from './read-example';

/**
 * Saves and publishes the workflows that come with an example, and names them by their ids where its nodes name them.
 *
 * @returns the body of an execute call
 */
export async function publishWorkflows(client: EverframeClient, example: Example): Promise<Example> {
  const { workflows = {}, ...body } = example;
  const ids = new Map<string, string>();
  for (const [name, workflow] of Object.entries(workflows))
    ids.set(name, await publish(client, name, workflow));
  return { ...body, nodes: body.nodes.map((node) => withIds(node, ids)) };
}

/** The same text is saved once a day at most, however often the demo runs. */
async function publish(client: EverframeClient, name: string, workflow: WorkflowInput): Promise<string> {
  const idempotencyKey = createHash('sha256')
    .update(JSON.stringify([name, workflow]))
    .digest('hex');
  const { workflowId } = await client.workflows.create({ name, ...workflow }, { idempotencyKey });
  await client.workflows.publish(workflowId);
  return workflowId;
}

function withIds(node: Example['nodes'][number], ids: ReadonlyMap<string, string>): Example['nodes'][number] {
  const { data } = node;
  const workflowId = ids.get(data?.config?.workflow ?? '');
  if (!data || workflowId === undefined) return node;
  return { ...node, data: { ...data, config: { ...data.config, workflow: workflowId } } };
}
