import { executionPath, toQuery, type Calls } from './calls';
import type { CallOptions, CreatingOptions, Page } from './types';
import type {
  CreatedWebhook,
  DiffInput,
  PublicationPreview,
  PublishInput,
  VariantStats,
  WebhookView,
  WorkflowDiff,
  WorkflowDraft,
  WorkflowInput,
  WorkflowPublication,
  WorkflowVersionView,
  WorkflowVersionWithGraph,
  WorkflowView,
} from './workflow-types';

export interface SaveOptions extends CallOptions {
  /** The revision that was read: one that somebody else has changed since then is not touched. */
  readonly revision?: number;
}

/** Saved workflows: drafts that change, versions that do not. */
export interface WorkflowsClient {
  create(workflow: WorkflowInput, options?: CreatingOptions): Promise<WorkflowDraft>;
  list(
    page?: { readonly limit?: number; readonly cursor?: string },
    options?: CallOptions,
  ): Promise<Page<WorkflowView>>;
  get(workflowId: string, options?: CallOptions): Promise<WorkflowDraft>;
  /** Replaces the draft; what is published stays as it is. @throws EverframeError `draft_changed` */
  save(workflowId: string, workflow: WorkflowInput, options?: SaveOptions): Promise<WorkflowDraft>;
  delete(workflowId: string, options?: CallOptions): Promise<void>;
  versions(workflowId: string, options?: CallOptions): Promise<readonly WorkflowVersionView[]>;
  /** One version with its graph. @param version - Number or tag, or `published`. */
  version(
    workflowId: string,
    version: number | string,
    options?: CallOptions,
  ): Promise<WorkflowVersionWithGraph>;
  /** What `create` and `save` take; the draft unless a version is named. */
  export(
    workflowId: string,
    version?: string,
    options?: CallOptions,
  ): Promise<WorkflowInput & { readonly name: string }>;
  diff(workflowId: string, between?: DiffInput, options?: CallOptions): Promise<WorkflowDiff>;
  publish(
    workflowId: string,
    version?: PublishInput,
    options?: CreatingOptions,
  ): Promise<WorkflowPublication>;
  /** What {@link publish} would do; nothing is published or moved. */
  previewPublication(
    workflowId: string,
    version?: PublishInput,
    options?: CallOptions,
  ): Promise<PublicationPreview>;
  /** Publishes an earlier version again: a number, a tag, or the one before. */
  rollBack(
    workflowId: string,
    version?: number | string,
    options?: CallOptions,
  ): Promise<WorkflowVersionView>;
  /** The variants against each other, in the mode of the key. */
  variants(workflowId: string, version?: number, options?: CallOptions): Promise<readonly VariantStats[]>;
  promoteVariant(workflowId: string, name: string, options?: CreatingOptions): Promise<WorkflowVersionView>;
  /** What came of an execution outside; the last value of a metric counts. */
  giveFeedback(executionId: string, metric: string, value: number, options?: CallOptions): Promise<void>;
  webhooks(workflowId: string, options?: CallOptions): Promise<readonly WebhookView[]>;
  /** @param webhook.signed - True unless given: calls must be signed with the secret of the answer. */
  createWebhook(
    workflowId: string,
    webhook?: { readonly name?: string; readonly signed?: boolean },
    options?: CreatingOptions,
  ): Promise<CreatedWebhook>;
  /** @param overlapSeconds - How long the secrets before it still count; a day unless given. */
  rotateWebhookSecret(
    workflowId: string,
    webhookId: string,
    overlapSeconds?: number,
    options?: CreatingOptions,
  ): Promise<CreatedWebhook>;
  deleteWebhook(workflowId: string, webhookId: string, options?: CallOptions): Promise<void>;
}

export function createWorkflowsClient(calls: Calls): WorkflowsClient {
  return {
    create: (workflow, given) => calls.create('/workflows', workflow, given),
    list: (page = {}, given) => calls.get(`/workflows${toQuery(page)}`, given),
    get: (id, given) => calls.get(savedPath(id), given),
    save: (id, workflow, given) => calls.replace(savedPath(id), workflow, given),
    delete: (id, given) => calls.discard(savedPath(id), given),
    versions: async (id, given) =>
      (await calls.get<{ data: WorkflowVersionView[] }>(`${savedPath(id)}/versions`, given)).data,
    version: (id, version, given) =>
      calls.get(`${savedPath(id)}/versions/${encodeURIComponent(version)}`, given),
    export: (id, version, given) => calls.get(`${savedPath(id)}/export${toQuery({ version })}`, given),
    diff: (id, between = {}, given) => calls.get(`${savedPath(id)}/diff${toQuery(between)}`, given),
    publish: (id, version = {}, given) => calls.create(`${savedPath(id)}/publish`, version, given),
    previewPublication: (id, version = {}, given) =>
      calls.ask(`${savedPath(id)}/publish`, { ...version, dryRun: true }, given),
    rollBack: (id, version, given) => calls.ask(`${savedPath(id)}/rollback`, { version }, given),
    variants: async (id, version, given) =>
      (await calls.get<{ data: VariantStats[] }>(`${savedPath(id)}/variants${toQuery({ version })}`, given))
        .data,
    promoteVariant: (id, name, given) =>
      calls.create(`${savedPath(id)}/variants/${encodeURIComponent(name)}/promote`, undefined, given),
    giveFeedback: async (executionId, metric, value, given) => {
      await calls.ask(`${executionPath(executionId)}/feedback`, { metric, value }, given);
    },
    webhooks: async (id, given) =>
      (await calls.get<{ data: WebhookView[] }>(`${savedPath(id)}/webhooks`, given)).data,
    createWebhook: (id, webhook = {}, given) => calls.create(`${savedPath(id)}/webhooks`, webhook, given),
    rotateWebhookSecret: (id, webhookId, overlapSeconds, given) =>
      calls.create(`${webhookPath(id, webhookId)}/rotate-secret`, { overlapSeconds }, given),
    deleteWebhook: (id, webhookId, given) => calls.discard(webhookPath(id, webhookId), given),
  };
}

export function savedPath(workflowId: string): string {
  return `/workflows/${encodeURIComponent(workflowId)}`;
}

function webhookPath(workflowId: string, webhookId: string): string {
  return `${savedPath(workflowId)}/webhooks/${encodeURIComponent(webhookId)}`;
}
