import { toQuery, type Calls } from './calls';
import type {
  CreatedSubscription,
  DeliveryDetail,
  DeliveryFilters,
  DeliveryView,
  SubscriptionInput,
  SubscriptionView,
} from './delivery-types';
import type { CallOptions, CreatingOptions, Page } from './types';
import { savedPath } from './workflows-client';

/** What was told to callbackUrls and subscriptions. */
export interface DeliveriesClient {
  list(filters?: DeliveryFilters, options?: CallOptions): Promise<Page<DeliveryView>>;
  get(deliveryId: string, options?: CallOptions): Promise<DeliveryDetail>;
  /** Now, under the same webhook-id. */
  redeliver(deliveryId: string, options?: CallOptions): Promise<DeliveryDetail>;
  /** Signs what goes to the callbackUrl of an execution. */
  secret(options?: CallOptions): Promise<string>;
  rotateSecret(overlapSeconds?: number, options?: CallOptions): Promise<string>;
  subscriptions(workflowId: string, options?: CallOptions): Promise<readonly SubscriptionView[]>;
  subscribe(
    workflowId: string,
    subscription: SubscriptionInput,
    options?: CreatingOptions,
  ): Promise<CreatedSubscription>;
  /** After its receiver has answered 410. */
  enable(workflowId: string, subscriptionId: string, options?: CallOptions): Promise<SubscriptionView>;
  /** The answer's secret is shown this once; while they overlap, both sign. @param overlapSeconds - A day unless given. */
  rotateSubscriptionSecret(
    workflowId: string,
    subscriptionId: string,
    overlapSeconds?: number,
    options?: CreatingOptions,
  ): Promise<CreatedSubscription>;
  unsubscribe(workflowId: string, subscriptionId: string, options?: CallOptions): Promise<void>;
}

export function createDeliveriesClient(calls: Calls): DeliveriesClient {
  return {
    list: (filters = {}, given) => calls.get(`/deliveries${toQuery(filters)}`, given),
    get: (id, given) => calls.get(deliveryPath(id), given),
    redeliver: (id, given) => calls.ask(`${deliveryPath(id)}/redeliver`, undefined, given),
    secret: async (given) => (await calls.get<{ secret: string }>('/callback-secret', given)).secret,
    rotateSecret: async (overlapSeconds, given) =>
      (await calls.ask<{ secret: string }>('/callback-secret/rotate', { overlapSeconds }, given)).secret,
    subscriptions: async (id, given) =>
      (await calls.get<{ data: SubscriptionView[] }>(`${savedPath(id)}/subscriptions`, given)).data,
    subscribe: (id, subscription, given) =>
      calls.create(`${savedPath(id)}/subscriptions`, subscription, given),
    enable: (id, subscriptionId, given) =>
      calls.ask(`${subscriptionPath(id, subscriptionId)}/enable`, undefined, given),
    rotateSubscriptionSecret: (id, subscriptionId, overlapSeconds, given) =>
      calls.create(`${subscriptionPath(id, subscriptionId)}/rotate-secret`, { overlapSeconds }, given),
    unsubscribe: (id, subscriptionId, given) => calls.discard(subscriptionPath(id, subscriptionId), given),
  };
}

function deliveryPath(deliveryId: string): string {
  return `/deliveries/${encodeURIComponent(deliveryId)}`;
}

function subscriptionPath(workflowId: string, subscriptionId: string): string {
  return `${savedPath(workflowId)}/subscriptions/${encodeURIComponent(subscriptionId)}`;
}
