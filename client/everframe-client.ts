import type { BatchItem, ItemFilters } from './batch-types';
import { createAssetsClient, type AssetsClient } from './assets-client';
import { createAppsClient, type AppsClient } from './apps-client';
import { createDeliveriesClient, type DeliveriesClient } from './deliveries-client';
import { EverframeError } from './everframe-error';
import { Calls, executionPath, toQuery, TRANSFER_SECONDS } from './calls';
import { backoffMs, createTransport, type TransportOptions } from './http-transport';
import type {
  DeadLetterDetail,
  DeadLetterFilters,
  DeadLetterView,
  RedriveReceipt,
  RedriveSelection,
} from './dead-letter-types';
import type { ReviewDecisionInput, ReviewFilters, ReviewView } from './review-types';
import type {
  AccountView,
  ApiKeyView,
  CallOptions,
  CancelReceipt,
  CreatedAccount,
  CreatedApiKey,
  CreatingOptions,
  CreditGrant,
  CreditGrantInput,
  CreditsView,
  ExecuteInput,
  ExecuteReceipt,
  ExecutionDetail,
  ExecutionSummary,
  ExecutionView,
  ListFilters,
  KeyRotation,
  NewApiKey,
  Page,
  Quote,
  ResumeInput,
  ResumeReceipt,
  RotatedApiKey,
  UsageView,
  UsageWindow,
} from './types';
import { createProviderKeysClient, type ProviderKeysClient } from './provider-keys-client';
import type { StatsView, StatsWindow } from './stats-types';
import { createSecretsClient, type SecretsClient } from './secrets-client';
import { watchEvents, type EventOptions, type ExecutionEvent } from './execution-events';
import { createPromptsClient, type PromptsClient } from './prompts-client';
import { createSchedulesClient, type SchedulesClient } from './schedules-client';
import { createWorkflowsClient, savedPath, type WorkflowsClient } from './workflows-client';

/** An unchanged answer that comes sooner was not held: the server is stopping, or a proxy answers for it. */
const HELD_MS = 1_000;

export interface ExecuteOptions extends CreatingOptions {
  /** Saved workflow, or a name for the posted graph; `inline` unless given. */
  readonly workflowId?: string;
  /** Hold the answer until the run ends, at most 60 s; the receipt then has `execution`. */
  readonly waitSeconds?: number;
}

export interface WaitOptions extends CallOptions {
  /** Give up after this long; the run goes on. */
  readonly timeoutMs?: number;
  /** Called with every new state. */
  readonly onView?: (view: ExecutionView) => void;
}

/** Typed client of the HTTP API: no dependencies, any runtime with `fetch`. Every method throws `EverframeError`. */
export interface EverframeClient extends AssetsClient {
  /** Saved workflows. */
  readonly workflows: WorkflowsClient;
  /** What was told to the outside, and to whom. */
  readonly deliveries: DeliveriesClient;
  readonly schedules: SchedulesClient;
  readonly apps: AppsClient;
  readonly providerKeys: ProviderKeysClient;
  /** Secrets that deliveries name. */
  readonly secrets: SecretsClient;
  readonly prompts: PromptsClient;
  execute(input: ExecuteInput, options?: ExecuteOptions): Promise<ExecuteReceipt>;
  /** The state now. A failed run is a state, not an error. */
  poll(executionId: string, options?: CallOptions): Promise<ExecutionView>;
  /** The state once the run has ended or waits for you. @throws EverframeError `wait_timeout` */
  wait(executionId: string, options?: WaitOptions): Promise<ExecutionView>;
  /** Every new state, the present one first, until the run has ended or waits for you. */
  watch(executionId: string, options?: CallOptions): AsyncGenerator<ExecutionView, void, undefined>;
  /** Every recorded change of the execution until it has ended. */
  events(executionId: string, options?: EventOptions): AsyncGenerator<ExecutionEvent, void, undefined>;
  /** Goes on from the step that failed or waits, with the same graph or an edited one. */
  resume(executionId: string, edits?: ResumeInput, options?: CreatingOptions): Promise<ResumeReceipt>;
  /** The receipt that a resume would give; nothing is started. */
  previewResume(executionId: string, edits?: ResumeInput, options?: CallOptions): Promise<ResumeReceipt>;
  cancel(executionId: string, options?: CallOptions): Promise<CancelReceipt>;
  /** Items of a batch in their order, while it runs as well. */
  listItems(executionId: string, filters?: ItemFilters, options?: CallOptions): Promise<Page<BatchItem>>;
  quote(input: ExecuteInput, options?: CallOptions & { readonly workflowId?: string }): Promise<Quote>;
  listExecutions(filters?: ListFilters, options?: CallOptions): Promise<Page<ExecutionSummary>>;
  getExecution(executionId: string, options?: CallOptions): Promise<ExecutionDetail>;
  /** A tar archive for `everframe replay`, in chunks; the execution must have ended. */
  downloadBundle(executionId: string, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>;
  /** Nodes that failed at every candidate, newest first; open ones unless asked otherwise. */
  listDeadLetters(filters?: DeadLetterFilters, options?: CallOptions): Promise<Page<DeadLetterView>>;
  getDeadLetter(deadLetterId: string, options?: CallOptions): Promise<DeadLetterDetail>;
  /** Tries one again: its execution goes on from the failed step. */
  redriveDeadLetter(deadLetterId: string, options?: CreatingOptions): Promise<ResumeReceipt>;
  /** The receipt that a redrive would give; nothing is started. */
  previewRedrive(deadLetterId: string, options?: CallOptions): Promise<ResumeReceipt>;
  /** Plans many; the first go on within seconds. */
  redriveDeadLetters(selection: RedriveSelection, options?: CreatingOptions): Promise<RedriveReceipt>;
  /** Count and price of {@link redriveDeadLetters}; nothing is started. */
  previewRedrives(selection: RedriveSelection, options?: CallOptions): Promise<RedriveReceipt>;
  /** What runs ask persons to decide, newest first; open ones unless asked otherwise. */
  listReviews(filters?: ReviewFilters, options?: CallOptions): Promise<Page<ReviewView>>;
  /** The first decision counts; the run goes on with it. */
  decideReview(reviewId: string, decision: ReviewDecisionInput, options?: CallOptions): Promise<ReviewView>;
  /** The catalog: ports, JSON Schema of config, candidates, prices. */
  listNodeTypes(options?: CallOptions): Promise<readonly NodeTypeView[]>;
  getNodeType(type: string, options?: CallOptions): Promise<NodeTypeView>;
  /** Of the account, in the mode of the key. */
  getCredits(options?: CallOptions): Promise<CreditsView>;
  /** Adds credits in the mode of the key, which needs the scope `credits:manage`. Counts once per `grantKey`. */
  grantCredits(grant: CreditGrantInput, options?: CreatingOptions): Promise<CreditGrant>;
  /** Executions, and credits by day, model and node type. */
  getUsage(window?: UsageWindow, options?: CallOptions): Promise<UsageView>;
  /** Latency, success and cost of the executions that began in a time. */
  getStats(window?: StatsWindow, options?: CallOptions): Promise<StatsView>;
  /** For operators, as the next two: needs the scope `accounts:manage`. */
  createAccount(
    account: { readonly name: string; readonly plan?: string },
    options?: CreatingOptions,
  ): Promise<CreatedAccount>;
  listAccounts(options?: CallOptions): Promise<readonly AccountView[]>;
  changeAccount(account: AccountView, options?: CallOptions): Promise<AccountView>;
  createApiKey(key: NewApiKey, options?: CreatingOptions): Promise<CreatedApiKey>;
  /** Newest first, revoked ones included. */
  listApiKeys(options?: CallOptions): Promise<readonly ApiKeyView[]>;
  /** A key in place of another one, which works on for the overlap. */
  rotateApiKey(keyId: string, rotation?: KeyRotation, options?: CreatingOptions): Promise<RotatedApiKey>;
  /** At once; idempotent. */
  revokeApiKey(keyId: string, options?: CallOptions): Promise<ApiKeyView>;
}

export type EverframeClientOptions = TransportOptions;

export interface NodeTypeView {
  readonly type: string;
  readonly label: string;
  readonly description: string;
  readonly [key: string]: unknown;
}

export function createEverframeClient(options: EverframeClientOptions): EverframeClient {
  const transport = createTransport(options);
  const calls = new Calls(transport);
  return {
    workflows: createWorkflowsClient(calls),
    deliveries: createDeliveriesClient(calls),
    schedules: createSchedulesClient(calls),
    apps: createAppsClient(calls),
    providerKeys: createProviderKeysClient(calls),
    secrets: createSecretsClient(calls),
    prompts: createPromptsClient(calls),
    execute: (input, given) => execute(calls, input, given),
    poll: async (id, given) => (await calls.poll(id, given)).view,
    wait: (id, given) => wait(calls, id, given),
    watch: (id, given) => watch(calls, id, given),
    events: (id, given) => watchEvents(calls, id, given),
    resume: (id, edits = {}, given) => calls.create(`${executionPath(id)}/resume`, edits, given),
    previewResume: (id, edits = {}, given) =>
      calls.ask(`${executionPath(id)}/resume`, { ...edits, dryRun: true }, given),
    cancel: (id, given) => calls.ask(`${executionPath(id)}/cancel`, undefined, given),
    listItems: (id, filters = {}, given) => calls.get(`${executionPath(id)}/items${toQuery(filters)}`, given),
    quote: (input, given) => calls.ask(`${workflowPath(given?.workflowId)}/quote`, input, given),
    listExecutions: (filters = {}, given) => calls.get(`/workflows/executions${toQuery(filters)}`, given),
    getExecution: (id, given) => calls.get(executionPath(id), given),
    downloadBundle: (id, given) => downloadBundle(calls, id, given),
    listDeadLetters: (filters = {}, given) => calls.get(`/dead-letters${toQuery(filters)}`, given),
    getDeadLetter: (id, given) => calls.get(letterPath(id), given),
    redriveDeadLetter: (id, given) => calls.create(`${letterPath(id)}/redrive`, {}, given),
    previewRedrive: (id, given) => calls.ask(`${letterPath(id)}/redrive`, { dryRun: true }, given),
    redriveDeadLetters: (selection, given) => calls.create('/dead-letters/redrive', selection, given),
    previewRedrives: (selection, given) =>
      calls.ask('/dead-letters/redrive', { ...selection, dryRun: true }, given),
    listReviews: (filters = {}, given) => calls.get(`/reviews${toQuery(filters)}`, given),
    decideReview: (id, decision, given) => calls.ask(`/reviews/${encodeURIComponent(id)}`, decision, given),
    listNodeTypes: async (given) => (await calls.get<{ data: NodeTypeView[] }>('/nodes', given)).data,
    getNodeType: (type, given) => calls.get(`/nodes/${encodeURIComponent(type)}`, given),
    ...createAssetsClient(calls),
    ...createFigures(calls),
    createAccount: (account, given) => calls.create('/accounts', account, given),
    listAccounts: async (given) => (await calls.get<{ data: AccountView[] }>('/accounts', given)).data,
    changeAccount: ({ accountId, name, plan }, given) =>
      calls.replace(`/accounts/${encodeURIComponent(accountId)}`, { name, plan }, given),
    createApiKey: (key, given) => calls.create('/api-keys', key, given),
    listApiKeys: async (given) => (await calls.get<{ data: ApiKeyView[] }>('/api-keys', given)).data,
    rotateApiKey: (id, rotation = {}, given) => calls.create(`${keyPath(id)}/rotate`, rotation, given),
    revokeApiKey: (id, given) => calls.remove(keyPath(id), given),
  };
}

function createFigures(
  calls: Calls,
): Pick<EverframeClient, 'getCredits' | 'grantCredits' | 'getUsage' | 'getStats'> {
  return {
    getCredits: (given) => calls.get('/credits', given),
    grantCredits: (grant, given) => calls.create('/credits/grants', grant, given),
    getUsage: (window = {}, given) => calls.get(`/usage${toQuery(window)}`, given),
    getStats: (window = {}, given) => calls.get(`/stats${toQuery({ ...window })}`, given),
  };
}

async function execute(calls: Calls, input: ExecuteInput, options?: ExecuteOptions): Promise<ExecuteReceipt> {
  return calls.create(`${workflowPath(options?.workflowId)}/execute`, input, options);
}

async function downloadBundle(
  calls: Calls,
  executionId: string,
  { signal }: CallOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  const path = `${executionPath(executionId)}/bundle`;
  const request = { method: 'GET', path, waitSeconds: TRANSFER_SECONDS, repeatable: true, signal } as const;
  const { body } = await calls.transport.send(request);
  if (body === null)
    throw new EverframeError({ message: 'The bundle is empty.', status: 0, code: 'network' });
  return readChunks(body);
}

/** Not every runtime iterates over a stream by itself. */
async function* readChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}

async function* watch(
  calls: Calls,
  executionId: string,
  options: CallOptions = {},
): AsyncGenerator<ExecutionView, void, undefined> {
  let etag: string | undefined;
  for (let unheld = 0; ;) {
    const askedAtMs = performance.now();
    const polled = await calls.nextView(executionId, etag, options);
    if (polled === undefined) {
      unheld = performance.now() - askedAtMs < HELD_MS ? unheld + 1 : 0;
      if (unheld > 0) await calls.transport.sleep(backoffMs(unheld), options.signal);
      continue;
    }
    yield polled.view;
    if (isSettled(polled.view)) return;
    if (polled.etag === etag) await calls.transport.sleep(backoffMs(1), options.signal);
    etag = polled.etag;
  }
}

async function wait(calls: Calls, executionId: string, options: WaitOptions = {}): Promise<ExecutionView> {
  const timeout = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
  const signals = [options.signal, timeout].filter((signal) => signal !== undefined);
  const signal = AbortSignal.any(signals);
  try {
    for await (const view of watch(calls, executionId, { signal })) {
      options.onView?.(view);
      if (isSettled(view)) return view;
    }
  } catch (error) {
    if (timeout?.aborted !== true || options.signal?.aborted === true) throw error;
    const message = `Execution ${executionId} has not ended after ${options.timeoutMs} ms. It goes on; wait again.`;
    throw new EverframeError({ message, status: 0, code: 'wait_timeout', cause: error });
  }
  throw new EverframeError({ message: 'The watch ended early.', status: 0, code: 'network' });
}

function isSettled({ status }: ExecutionView): boolean {
  return status !== 'RUNNING';
}

function workflowPath(workflowId = 'inline'): string {
  return savedPath(workflowId);
}

function letterPath(deadLetterId: string): string {
  return `/dead-letters/${encodeURIComponent(deadLetterId)}`;
}

function keyPath(keyId: string): string {
  return `/api-keys/${encodeURIComponent(keyId)}`;
}
