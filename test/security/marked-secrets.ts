import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { temporal } from '@temporalio/proto';
import sharp from 'sharp';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import { EverframeError } from '../../client/everframe-error';
import { nodeDefinitions } from '../../pipeline/nodes';
import type { NodeDefinition } from '../../pipeline/node-definition';
import { PROVIDER_CREDENTIALS } from '../../pipeline/provider-credentials';
import { candidatesOf, leastConfigs, smallestConfig } from '../pipeline/nodes/sample-request';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';
import { startEchoServer, type EchoServer } from './echo-server';
import { reservePort } from '../support/reserve-port';

/** Longest wait for something that must come. */
const PATIENCE_MS = 40_000;
const graph = aGraph('a marked fox').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();

/** Where the system says that it is. */
const PUBLIC_URL = 'http://public.example';

const mark = (name: string) => `${name}-${randomBytes(12).toString('hex')}`;

export interface Found {
  readonly secret: string;
  readonly place: string;
  /** What stands before it. */
  readonly after: string;
}

/** A system whose every secret is known, whose providers and receivers tell all that they are sent in their errors. */
export class MarkedSystem {
  /** By name; those of providers are in it from the start. */
  readonly secrets = new Map<string, string>();
  private readonly replies: string[] = [];

  private constructor(
    readonly test: TestSystem,
    private readonly echo: EchoServer,
    private readonly metricsPorts: readonly string[],
  ) {}

  static async start(): Promise<MarkedSystem> {
    const echo = await startEchoServer();
    const providers = Object.entries(PROVIDER_CREDENTIALS);
    const keys = providers.map(([id, variable]) => [variable, mark(id)] as const);
    // Where each provider is: all at the echo server.
    const bases = providers.map(([id]) => [`${id.toUpperCase()}_BASE_URL`, `${echo.origin}/${id}`] as const);
    const ports = [String(await reservePort()), String(await reservePort())] as const;
    const second = ['FAL_KEY_2', mark('fal-second')] as const;
    const assetSecret = randomBytes(32).toString('hex');
    const test = await TestSystem.start({
      ...Object.fromEntries([...keys, ...bases, second]),
      ...{ FAL_RUN_BASE_URL: `${echo.origin}/fal/run`, DEEPL_FREE_BASE_URL: `${echo.origin}/deepl` },
      GOOGLE_BETA_BASE_URL: `${echo.origin}/google`,
      EVERFRAME_ALLOWED_PRIVATE_HOSTS: new URL(echo.origin).host,
      EVERFRAME_PUBLIC_URL: PUBLIC_URL,
      EVERFRAME_ASSET_SECRET: assetSecret,
      ...{ EVERFRAME_API_METRICS_PORT: ports[0], EVERFRAME_WORKER_METRICS_PORT: ports[1] },
    });
    const marked = new MarkedSystem(test, echo, ports);
    for (const [name, value] of [...keys, second]) marked.secrets.set(name, value);
    marked.secrets.set('EVERFRAME_ASSET_SECRET', assetSecret);
    marked.secrets.set('live key', test.system.credentials.keys.live ?? '');
    marked.secrets.set('test key', test.system.credentials.keys.test);
    return marked;
  }

  async stop(): Promise<void> {
    await this.test.stop();
    await this.echo.close();
  }

  /** Whose replies are looked through; what is shown once is asked for by the client of the system itself. */
  client(mode: 'live' | 'test'): EverframeClient {
    return createEverframeClient({
      baseUrl: this.test.system.urls.api,
      apiKey: this.secrets.get(`${mode} key`) ?? '',
      fetch: async (url, request) => {
        const response = await fetch(url, request);
        this.replies.push(`${JSON.stringify([...response.headers])} ${await response.clone().text()}`);
        return response;
      },
    });
  }

  /** Runs that end well, fail, are resumed and survive a crash, on the sandbox. */
  async runOnSandbox(): Promise<void> {
    const client = this.client('test');
    const url = `${this.echo.origin}/callback`;
    const { executionId } = await client.execute({ ...graph, callbackUrl: url });
    const view = await client.wait(executionId);
    const image = view.nodes['image']?.output['image'];
    const address = typeof image === 'object' && image !== null && 'url' in image ? String(image.url) : '';
    // The address itself is an answer; its signature has no business anywhere else.
    this.secrets.set('signature of an asset', new URL(address).searchParams.get('signature') ?? '');
    await fetch(this.local(address));
    await fetch(this.local(`${address}&more=1`));
    await this.test.setFaults([{ action: 'fail_job' }]);
    const failing = await client.execute(graph);
    await client.wait(failing.executionId);
    await this.test.setFaults([]);
    await client.resume(failing.executionId);
    await this.test.kill('worker');
    await client.wait(failing.executionId);
  }

  /** One node at each provider, whose key then stands in the error that it answers; and a receiver that does the same. */
  async runOnEchoes(): Promise<void> {
    const owner = createEverframeClient({
      baseUrl: this.test.system.urls.api,
      apiKey: this.secrets.get('live key') ?? '',
    });
    const client = this.client('live');
    const picture = await sharp({ create: { width: 256, height: 256, channels: 3, background: '#468' } })
      .png()
      .toBuffer();
    const { assetId } = await owner.uploadAsset(new Uint8Array(picture));
    const executionIds = [await this.execute(client, assetId, Object.keys(PROVIDER_CREDENTIALS))];
    executionIds.push(await this.execute(client, assetId, ['fal']));
    await this.untilSeen([...Object.values(PROVIDER_CREDENTIALS), 'FAL_KEY_2']);
    const token = /callbacks(?:%2F|\/)([\w-]+)/.exec(this.echo.seen.join('\n'))?.[1] ?? '';
    this.secrets.set('callback token', token);
    await fetch(`${this.test.system.urls.api}/api/v1/callbacks/${token}`, { method: 'POST', body: '{}' });
    const own = mark('own-openai');
    this.secrets.set('key of the account at a provider', own);
    await owner.providerKeys.add({ provider: 'openai', key: own });
    const named = mark('cms');
    this.secrets.set('named secret', named);
    await owner.secrets.set('cms', { value: named, hosts: ['127.0.0.1'] });
    executionIds.push(await this.execute(client, assetId, ['openai']), await this.deliver(client));
    await this.untilSeen(['key of the account at a provider', 'named secret']);
    for (const executionId of executionIds) await client.cancel(executionId);
    for (const executionId of executionIds) await this.untilOver(client, executionId);
  }

  /** Keys and secrets made, changed, and used wrongly. */
  async administer(): Promise<void> {
    const { client: owner, system } = this.test;
    const { key = '', keyId = '' } = await owner.createApiKey({ name: 'marked' });
    const rotated = await owner.rotateApiKey(keyId, { overlapSeconds: 60 });
    const { workflowId } = await owner.workflows.create({ name: 'marked', ...pick(graph) });
    await owner.workflows.publish(workflowId);
    const webhook = await owner.workflows.createWebhook(workflowId);
    const subscription = await owner.deliveries.subscribe(workflowId, { url: `${this.echo.origin}/told` });
    const created = {
      ...{ 'made key': key, 'rotated key': rotated.key, 'webhook secret': webhook.secret },
      ...{ 'subscription secret': subscription.secret, 'callback secret': await owner.deliveries.secret() },
    };
    for (const [name, value = ''] of Object.entries(created)) this.secrets.set(name, value);
    await fetch(this.local(webhook.triggerUrl), { method: 'POST' });
    const { executionId } = await owner.execute({ triggerData: { prompt: 'told' } }, { workflowId });
    await owner.wait(executionId);
    for (const authorization of [`Basic ${key}`, `Bearer ${key}x`, key])
      await fetch(`${system.urls.api}/api/v1/credits?key=${key}`, { headers: { authorization } });
  }

  /** All that can be read. */
  async readEverything(): Promise<void> {
    for (const mode of ['live', 'test'] as const) {
      const client = this.client(mode);
      const [executions, deliveries, letters, workflows] = await Promise.all([
        client.listExecutions({ mode }),
        client.deliveries.list(),
        client.listDeadLetters({ state: 'all' }),
        client.workflows.list(),
      ]);
      for (const { executionId } of executions.data) await client.getExecution(executionId);
      for (const { deliveryId } of deliveries.data) await client.deliveries.get(deliveryId);
      for (const { deadLetterId } of letters.data) await client.getDeadLetter(deadLetterId);
      for (const { workflowId } of workflows.data) {
        await client.workflows.webhooks(workflowId);
        await client.deliveries.subscriptions(workflowId);
      }
      await Promise.all([
        client.listApiKeys(),
        client.getUsage(),
        client.secrets.list(),
        client.listAccounts(),
      ]);
      await client.providerKeys.list().catch(refusal);
    }
  }

  /** Each secret in clear, in base64, in hex or as part of a URL, wherever it should not be. */
  async search(): Promise<readonly Found[]> {
    const places = {
      'rows and logs': await this.test.everythingAbout([]),
      histories: await this.histories(),
      replies: this.replies.join('\n'),
      metrics: await this.metrics(),
    };
    for (const [place, text] of Object.entries(places))
      if (text.length < 2_000) throw new Error(`The ${place} could not be read: ${text}`);
    return Object.entries(places).flatMap(([place, text]) =>
      [...this.secrets].flatMap(([secret, value]) =>
        // A client is given its assets' addresses.
        place === 'replies' && secret === 'signature of an asset' ? [] : findIn(text, secret, value, place),
      ),
    );
  }

  private local(url: string): string {
    return url.replace(PUBLIC_URL, this.test.system.urls.api);
  }

  private async execute(client: EverframeClient, assetId: string, providers: readonly string[]) {
    const nodes: object[] = [
      { id: 'text', data: { nodeType: 'input:text', config: { value: 'a marked hare' } } },
      { id: 'picture', data: { nodeType: 'input:image', config: { value: { assetId } } } },
    ];
    const edges: object[] = [];
    for (const provider of providers) {
      const definition = servedBy(provider);
      const config = { ...smallestConfig(definition), ...leastConfigs[definition.type] };
      nodes.push({
        id: provider,
        data: { nodeType: definition.type, config, providers: [provider], onError: 'continue' },
      });
      for (const [port, { type, required }] of Object.entries(definition.inputs))
        if (required) edges.push({ source: sourceOf(type), target: provider, targetHandle: port });
    }
    return (await client.execute({ nodes, edges })).executionId;
  }

  private async deliver(client: EverframeClient): Promise<string> {
    const headers = { 'X-Key': { secret: 'cms', prefix: 'Key ' } };
    const config = { url: `${this.echo.origin}/cms`, headers };
    const nodes = [
      { id: 'text', data: { nodeType: 'input:text', config: { value: 'a marked owl' } } },
      { id: 'cms', data: { nodeType: 'output:http', config, onError: 'continue' } },
    ];
    return (await client.execute({ nodes, edges: [{ source: 'text', target: 'cms' }] })).executionId;
  }

  private async untilSeen(names: readonly string[]): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const seen = this.echo.seen.join('\n');
      const missing = names.filter((name) => !isShown(seen, name, this.secrets.get(name) ?? ''));
      if (missing.length === 0) return;
      if (Date.now() > deadline) throw new Error(`Nobody was sent: ${missing.join(', ')}.`);
      await setImmediate();
    }
  }

  private async untilOver(client: EverframeClient, executionId: string): Promise<void> {
    await client.wait(executionId, { timeoutMs: PATIENCE_MS });
  }

  private async histories(): Promise<string> {
    const { workflow } = this.test.temporal;
    const { History } = temporal.api.history.v1;
    const texts: string[] = [];
    for await (const { workflowId, runId } of workflow.list({
      query: `TaskQueue = '${this.test.taskQueue}'`,
    })) {
      const history = await workflow.getHandle(workflowId, runId).fetchHistory();
      texts.push(Buffer.from(History.encode(history).finish()).toString('latin1'));
    }
    return texts.join('\n');
  }

  private async metrics(): Promise<string> {
    const texts = this.metricsPorts.map(async (port) =>
      (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    );
    return (await Promise.all(texts)).join('\n');
  }
}

const pick = ({
  nodes,
  edges,
}: {
  readonly nodes: readonly object[];
  readonly edges: readonly object[];
}) => ({
  nodes,
  edges,
});

function refusal(error: unknown): void {
  if (!(error instanceof EverframeError)) throw error;
}

/** The first node type of a provider that needs no more than a text and a picture. */
function servedBy(provider: string): NodeDefinition {
  const found = nodeDefinitions.find(
    (definition) =>
      definition.implementation.kind === 'provider' &&
      candidatesOf(definition).some((candidate) => candidate.provider === provider) &&
      Object.values(definition.inputs).every(
        ({ type, required }) => !required || type === 'text' || type === 'image',
      ),
  );
  if (found === undefined) throw new Error(`No node type fits ${provider}.`);
  return found;
}

const sourceOf = (type: unknown) => (type === 'image' ? 'picture' : 'text');

/** Some providers are sent their key signed into a token: their name in the URL must do. */
function isShown(seen: string, name: string, value: string): boolean {
  return seen.includes(value) || (name === 'KLING_API_KEY' && /\/kling\//.test(seen));
}

function findIn(text: string, secret: string, value: string, place: string): readonly Found[] {
  const bytes = Buffer.from(value);
  const forms = [
    value,
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
    encodeURIComponent(value),
  ];
  return [...new Set(forms)].flatMap((form) => {
    const at = text.indexOf(form);
    return at < 0 ? [] : [{ secret, place, after: text.slice(Math.max(0, at - 160), at) }];
  });
}
