import type { EverframeClient } from '../../../client/everframe-client';
import { aGraph } from '../../support/graph-builder';

/** Of what exists. */
export interface KnownIds {
  readonly workflow: string;
  readonly execution: string;
  readonly schedule: string;
  readonly subscription: string;
  readonly webhook: string;
  readonly apiKey: string;
  readonly asset: string;
  readonly account: string;
  readonly delivery: string;
}

/** One of each kind, so that the requests do not end at a 404. Two of them: what is deleted must not be what is read. */
export async function makeSome(client: EverframeClient): Promise<KnownIds> {
  const { nodes, edges, triggerData } = aGraph('a fuzzed fox')
    .node('image', 'generate:flux_2_pro')
    .edge('prompt', 'image')
    .build();
  const variants = [{ name: 'one', weight: 1 }];
  const { workflowId } = await client.workflows.create({ name: 'Fuzzed', nodes, edges, variants });
  const { webhookId } = await client.workflows.publish(workflowId);
  const { subscriptionId } = await client.deliveries.subscribe(workflowId, {
    url: 'https://receiver.invalid/',
  });
  const { executionId } = await client.execute({ triggerData }, { workflowId });
  const { nodes: ended } = await client.wait(executionId);
  const { scheduleId } = await client.schedules.create(workflowId, { cron: '0 0 1 1 *', paused: true });
  const { keyId = '' } = await client.createApiKey({ name: 'fuzzed' });
  const image = ended['image']?.output['image'];
  const asset = typeof image === 'object' && image !== null && 'assetId' in image ? image.assetId : '';
  const { account } = await client.createAccount({ name: 'Fuzzed' });
  const [delivery] = (await client.deliveries.list({ executionId })).data;
  return {
    ...{ workflow: workflowId, execution: executionId, schedule: scheduleId, subscription: subscriptionId },
    ...{ webhook: webhookId ?? '', apiKey: keyId, asset: String(asset), account: account.accountId },
    delivery: delivery?.deliveryId ?? '',
  };
}

/** Which kind of id a path parameter is: the longest beginning that fits. */
const kinds: readonly (readonly [path: string, parameter: string, kind: keyof KnownIds])[] = [
  ['/api/v1/workflows/executions/{id}', 'id', 'execution'],
  ['/api/v1/workflows/{id}', 'id', 'workflow'],
  ['/api/v1/workflows/{id}/schedules', 'scheduleId', 'schedule'],
  ['/api/v1/workflows/{id}/subscriptions', 'subscriptionId', 'subscription'],
  ['/api/v1/workflows/{id}/webhooks', 'webhookId', 'webhook'],
  ['/api/v1/workflow/{webhookId}', 'webhookId', 'webhook'],
  ['/api/v1/api-keys', 'keyId', 'apiKey'],
  ['/api/v1/assets', 'assetId', 'asset'],
  ['/api/v1/accounts', 'accountId', 'account'],
  ['/api/v1/deliveries', 'id', 'delivery'],
];

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; schema: unknown }[];
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** The description with ids that exist beside those that are made up; what ends something gets ids of its own. */
export function withKnownIds(document: OpenApi, kept: KnownIds, ended: KnownIds): OpenApi {
  const copy = structuredClone(document);
  for (const [path, operations] of Object.entries(copy.paths)) {
    for (const [method, { parameters = [] }] of Object.entries(operations)) {
      const isEnd = method === 'delete' || path.endsWith('/rotate');
      for (const parameter of parameters.filter((each) => each.in === 'path')) {
        const kind = kinds.find(([start, name]) => path.startsWith(start) && name === parameter.name)?.[2];
        if (kind === undefined) continue;
        const id = (isEnd ? ended : kept)[kind];
        parameter.schema = { anyOf: [{ enum: [id] }, parameter.schema] };
      }
    }
  }
  return copy;
}
