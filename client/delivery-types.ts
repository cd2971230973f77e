export type EventType =
  'execution.completed' | 'execution.failed' | 'execution.cancelled' | 'execution.waiting';

export interface SubscriptionInput {
  readonly url: string;
  /** All unless given. */
  readonly types?: readonly EventType[];
}

/** Who is told of the ends of a workflow's executions. */
export interface SubscriptionView {
  readonly subscriptionId: string;
  readonly workflowId: string;
  /** Of the executions that it is told of. */
  readonly mode: 'live' | 'test';
  readonly url: string;
  /** Empty: all. */
  readonly types: readonly EventType[];
  readonly createdAt: string;
  readonly disabledAt: string | null;
  readonly disabledReason: string | null;
}

/** With its secret where one was made; it is shown this once. */
export type CreatedSubscription = SubscriptionView & { readonly secret?: string };

export interface DeliveryView {
  /** The `webhook-id` of every try. */
  readonly deliveryId: string;
  readonly executionId: string;
  /** Null: it goes to the callbackUrl of the execution. */
  readonly subscriptionId: string | null;
  readonly url: string;
  readonly type: EventType;
  readonly state: 'pending' | 'delivered' | 'failed' | 'cancelled';
  /** Raised by each redelivery. */
  readonly round: number;
  /** In this round. */
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly nextAttemptAt: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

export interface DeliveryDetail extends DeliveryView {
  readonly tries: readonly {
    readonly round: number;
    readonly number: number;
    readonly at: string;
    readonly latencyMs: number;
    readonly httpStatus: number | null;
    readonly error: string | null;
  }[];
}

export interface DeliveryFilters {
  readonly executionId?: string;
  readonly subscriptionId?: string;
  readonly state?: DeliveryView['state'];
  /** 1–100, default 20. */
  readonly limit?: number;
  readonly cursor?: string;
}
