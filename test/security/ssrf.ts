import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import { EverframeError } from '../../client/everframe-error';
import { isPublicAddress } from '../../activities/fetch/public-address';
import { ssrfCorpus } from '../activities/ssrf-corpus';
import { TestSystem } from '../support/test-system';
import { startCanary, startTraitor, through, type Canary } from './canary';
import type { UrlUse } from './url-fields';

/** Longest wait for something that must come. */
const PATIENCE_MS = 150_000;
/** Nodes of one graph; the limit is 100. */
const NODES = 90;

export interface SsrfReport {
  /** URLs that the system took and was about to ask for. */
  readonly tried: number;
  /** That the API refused by their form. */
  readonly refused: number;
  readonly canaryHits: readonly string[];
  /** Addresses that sockets were opened to and that are none of the system's own. */
  readonly strayAddresses: readonly string[];
  /** Redirects and results that the traitor gave out: that it was reached shows that the rest proves something. */
  readonly traitorHits: number;
}

interface GraphNode {
  readonly id: string;
  readonly data: object;
}

interface StartedNodes {
  readonly executionId: string;
  readonly nodes: number;
}

/** A running system whose processes resolve names as watch-sockets.cjs says, with a canary and an allowed host that redirects. */
export class SsrfRange {
  private tried = 0;
  private refused = 0;

  private constructor(
    private readonly test: TestSystem,
    private readonly client: EverframeClient,
    private readonly canary: Canary,
    private readonly traitor: Canary,
    private readonly folder: string,
  ) {}

  static async start(): Promise<SsrfRange> {
    const [canary, traitor] = await Promise.all([startCanary(), startTraitor()]);
    const folder = mkdtempSync(join(tmpdir(), 'everframe-ssrf-'));
    writeFileSync(join(folder, 'sockets'), '');
    const fal = `http://127.0.0.1:${traitor.port}`;
    const test = await TestSystem.start({
      NODE_OPTIONS: `--require=${join(__dirname, 'watch-sockets.cjs')}`,
      EVERFRAME_TEST_SOCKETS: join(folder, 'sockets'),
      EVERFRAME_ALLOWED_PRIVATE_HOSTS: `127.0.0.1:${traitor.port}`,
      ...{ FAL_KEY: 'a key', FAL_BASE_URL: fal, FAL_RUN_BASE_URL: fal },
      EVERFRAME_WEBHOOK_RETRY_SECONDS: '0',
    });
    const apiKey = test.system.credentials.keys.live ?? '';
    const client = createEverframeClient({ baseUrl: test.system.urls.api, apiKey });
    return new SsrfRange(test, client, canary, traitor, folder);
  }

  /** @param every - 1: the whole corpus; 7: each seventh URL. */
  corpus(every = 1): readonly string[] {
    const port = this.canary.port;
    const names = ['rebind', 'both', 'mapped', 'public'].map((kind) => `http://${kind}.evil.example/`);
    return [...ssrfCorpus(port).filter((_url, at) => at % every === 0), ...names];
  }

  /** The same by way of an allowed host: 302 and 307, one hop and two. */
  redirected(every = 1): readonly string[] {
    return this.corpus(every).map((url, at) =>
      through(this.traitor.port, url, at % 2 === 0 ? 302 : 307, at % 3 === 0 ? 'via' : 'to'),
    );
  }

  /** Sends each URL through the field, and waits until each has been asked for or refused. */
  async drive(field: string, use: UrlUse, urls: readonly string[]): Promise<void> {
    switch (use) {
      case 'import':
        return this.driveImports(field.replace(/\.value$/, ''), urls);
      case 'callback':
        return this.driveCallbacks(field, urls);
      case 'subscription':
        return this.driveSubscriptions(urls);
      case 'http':
        return this.driveDeliveries(urls, (url) => ({ nodeType: 'output:http', config: { url } }));
      case 'bucket':
        return this.driveBuckets(urls);
    }
  }

  /** Results of a provider that has turned: each job's output is one of the URLs. */
  async driveResults(urls: readonly string[]): Promise<void> {
    const config = (prompt: string) => ({ prompt });
    const before = this.traitor.hits.length;
    const started = await this.startNodes(urls, (id, url) => ({
      ...{ id, data: { nodeType: 'generate:flux_2_pro', config: config(url), onError: 'continue' } },
    }));
    // What is paid and cannot be fetched is asked for again until its time is over: twice is enough.
    const jobs = started.reduce((sum, { nodes }) => sum + nodes, 0);
    await until('its results are asked for', async () => this.twiceAsked(before) >= jobs);
    for (const { executionId } of started) await this.client.cancel(executionId);
  }

  /** Jobs whose result was asked for a second time: by then the first try to fetch it is over. */
  private twiceAsked(before: number): number {
    const asked = new Map<string, number>();
    for (const path of this.traitor.hits.slice(before)) {
      if (/job-\d+$/.test(path)) asked.set(path, (asked.get(path) ?? 0) + 1);
    }
    return [...asked.values()].filter((times) => times >= 2).length;
  }

  async report(): Promise<SsrfReport> {
    const { api, sandbox } = this.test.system.urls;
    const own = [api, sandbox, process.env['DATABASE_URL'] ?? ''].map((url) => new URL(url).port);
    const allowed = new Set([...own, String(this.traitor.port), this.temporalPort()]);
    const lines = readFileSync(join(this.folder, 'sockets'), 'utf8').trim().split('\n');
    const stray = lines
      .map((line) => line.split(' ').slice(1))
      .filter(([address = '', port = '']) => !isPublicAddress(address) && !allowed.has(port))
      .map((parts) => parts.join(':'));
    return {
      ...{ tried: this.tried, refused: this.refused, canaryHits: this.canary.hits },
      ...{ strayAddresses: [...new Set(stray)], traitorHits: this.traitor.hits.length },
    };
  }

  async stop(): Promise<void> {
    await this.test.stop();
    await Promise.all([this.canary.close(), this.traitor.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private temporalPort(): string {
    return this.test.system.temporalAddress.split(':').at(-1) ?? '';
  }

  /** Its secret may go to what the corpus is full of: not by that list are the addresses to be refused. */
  private async driveBuckets(urls: readonly string[]): Promise<void> {
    const hosts = ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '*.evil.example', '10.0.0.1'];
    await this.client.secrets.set('bucket', { value: 'access-key:secret-access-key', hosts });
    await this.driveDeliveries(urls, (endpoint) => ({
      nodeType: 'output:s3',
      config: { bucket: 'a-bucket', endpoint, credentials: 'bucket' },
    }));
  }

  private async driveDeliveries(urls: readonly string[], data: (url: string) => object): Promise<void> {
    const toNode = (id: string, url: string) => ({ id, data: { ...data(url), onError: 'continue' } });
    const source = { id: 'text', data: { nodeType: 'input:text', config: { value: 'x' } } };
    const started = await this.startNodes(urls, toNode, source);
    await Promise.all(started.map(({ executionId }) => this.client.wait(executionId)));
  }

  private async driveImports(nodeType: string, urls: readonly string[]): Promise<void> {
    const started = await this.startNodes(urls, (id, url) => ({
      ...{ id, data: { nodeType, config: { value: url }, onError: 'continue' } },
    }));
    await Promise.all(started.map(({ executionId }) => this.client.wait(executionId)));
  }

  private async startNodes(
    urls: readonly string[],
    toNode: (id: string, url: string) => GraphNode,
    source?: GraphNode,
  ): Promise<readonly StartedNodes[]> {
    const chunks = Array.from({ length: Math.ceil(urls.length / NODES) }, (_, at) =>
      urls.slice(at * NODES, (at + 1) * NODES),
    );
    return Promise.all(
      chunks.map((chunk, nth) =>
        this.executeWhatIsTaken(
          chunk.map((url, at) => toNode(`n${nth}_${at}`, url)),
          source,
        ),
      ),
    );
  }

  /** The API names every node whose URL it does not take; the others run. */
  private async executeWhatIsTaken(nodes: readonly GraphNode[], source?: GraphNode): Promise<StartedNodes> {
    try {
      const edges = source ? nodes.map(({ id }) => ({ source: source.id, target: id })) : [];
      const graph = { nodes: [...nodes, ...(source ? [source] : [])], edges };
      const { executionId } = await this.client.execute(graph);
      this.tried += nodes.length;
      return { executionId, nodes: nodes.length };
    } catch (error) {
      if (!(error instanceof EverframeError) || error.status !== 422) throw error;
      const named = new Set(error.issues.map(({ path }) => Number(/nodes\[(\d+)\]/.exec(path)?.[1])));
      const taken = nodes.filter((_node, at) => !named.has(at));
      if (taken.length === nodes.length) throw error;
      this.refused += nodes.length - taken.length;
      return this.executeWhatIsTaken(taken, source);
    }
  }

  private async driveCallbacks(field: string, urls: readonly string[]): Promise<void> {
    const graph = {
      nodes: [{ id: 'a', data: { nodeType: 'input:text', config: { value: 'x' } } }],
      edges: [],
    };
    const call = field.startsWith('callApp') ? await this.makeApp(graph) : undefined;
    const started = await this.eachTaken(urls, async (callbackUrl) =>
      call === undefined
        ? this.client.execute({ ...graph, callbackUrl })
        : this.client.apps.call(call, { callbackUrl }, { waitSeconds: 0 }),
    );
    for (const { executionId } of started) await this.client.wait(executionId);
    for (const { executionId } of started) await this.untilTold({ executionId });
  }

  private async makeApp(graph: { readonly nodes: readonly object[]; readonly edges: readonly object[] }) {
    const { workflowId } = await this.client.workflows.create({ name: 'an app', ...graph });
    await this.client.workflows.publish(workflowId);
    return (await this.client.apps.set(workflowId, workflowId.toLowerCase().replace('_', '-'))).slug;
  }

  private async driveSubscriptions(urls: readonly string[]): Promise<void> {
    const graph = {
      nodes: [{ id: 'a', data: { nodeType: 'input:text', config: { value: 'x' } } }],
      edges: [],
    };
    const { workflowId } = await this.client.workflows.create({ name: 'told', ...graph });
    await this.client.workflows.publish(workflowId);
    const made = await this.eachTaken(urls, (url) => this.client.deliveries.subscribe(workflowId, { url }));
    const { executionId } = await this.client.execute({}, { workflowId });
    await this.client.wait(executionId);
    for (const { subscriptionId } of made) await this.untilTold({ subscriptionId });
  }

  private async eachTaken<Answer>(
    urls: readonly string[],
    call: (url: string) => Promise<Answer>,
  ): Promise<readonly Answer[]> {
    const answers = await Promise.all(
      urls.map((url) =>
        call(url).catch((error: unknown) => {
          if (error instanceof EverframeError && error.status === 422) return undefined;
          throw error;
        }),
      ),
    );
    const taken = answers.filter((answer) => answer !== undefined);
    this.tried += taken.length;
    this.refused += urls.length - taken.length;
    return taken;
  }

  /** With one try in all, a delivery has ended once it was made. */
  private async untilTold(of: { readonly executionId: string } | { readonly subscriptionId: string }) {
    await until('the receiver is told', async () => {
      const { data } = await this.client.deliveries.list(of);
      return data.length > 0 && data.every(({ state }) => state !== 'pending');
    });
  }
}

/** @throws Error when it takes too long: a loop that never ends would outlive its test. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited too long until ${what}.`);
    await setImmediate();
  }
}
