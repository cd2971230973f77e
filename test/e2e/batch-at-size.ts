import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchItem, ItemStatus } from '../../client/batch-types';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph } from '../support/graph-builder';
import { openBooks } from '../support/open-books';
import { TestSystem } from '../support/test-system';

export interface BatchSize {
  readonly items: number;
  /** Every so many-th item fails for good, until it is healed. */
  readonly failsEvery: number;
  readonly kills: number;
  /** How long the provider takes for each picture. */
  readonly providerMs: number;
  readonly window: number;
}

/** Temporal warns at 10,240 events, and ends a run at 51,200. */
const HISTORY_EVENTS_MAX = 10_000;

/**
 * One batch whose worker is killed several times while some items fail for good: the others are delivered, the failed ones
 * lie in the dead letters, a redrive runs those alone, and the batch completes. By the provider's ledger, by the books, by
 * Temporal's history and by the memory of our processes. @returns the figures
 */
export async function proveBatch(size: BatchSize): Promise<string> {
  const test = await TestSystem.start({
    EVERFRAME_SANDBOX_LATENCY_SCALE: '0',
    EVERFRAME_BATCH_WINDOW: String(size.window),
    EVERFRAME_BREAKER_VOLUME_THRESHOLD: '100000',
  });
  try {
    return await new BatchProof(test, size).run();
  } finally {
    await test.stop();
  }
}

class BatchProof {
  private readonly peaks = { api: 0, worker: 0 };
  private readonly prompts: readonly string[];
  private readonly doomed: ReadonlySet<string>;

  constructor(
    private readonly test: TestSystem,
    private readonly size: BatchSize,
  ) {
    this.prompts = Array.from({ length: size.items }, (_value, index) => `product ${index};`);
    this.doomed = new Set(
      this.prompts.filter((_prompt, index) => index % size.failsEvery === size.failsEvery - 1),
    );
  }

  async run(): Promise<string> {
    const { test, size, doomed } = this;
    const slow = { contains: 'product ', action: 'slow_job' as const, delayMs: size.providerMs };
    const refused = [...doomed].map((contains) => ({ contains, action: 'refuse' as const }));
    await test.setFaults([...refused, slow]);
    const graph = aGraph('the style')
      .node('style', 'text:llm')
      .edge('prompt', 'style')
      .node('product', 'input:text')
      .node('words', 'utility:prompt_concat')
      .edge('product', 'words')
      .edge('style', 'words')
      .node('photo', 'generate:flux_2_klein')
      .edge('words', 'photo')
      .build();
    const beganMs = performance.now();
    const { executionId } = await test.client.execute({
      ...graph,
      iteratorConfigs: [{ nodeId: 'product', values: this.prompts }],
    });
    const acceptMs = performance.now() - beganMs;
    await this.killOnTheWay(executionId);
    const view = await this.watch(executionId);
    const seconds = (performance.now() - beganMs) / 1_000;

    const delivered = size.items - doomed.size;
    expect(view).toMatchObject({ status: 'FAILED', failure: { code: 'items_failed' } });
    expect(view.items).toMatchObject({ completed: delivered, failed: doomed.size, pending: 0, running: 0 });
    expect(await this.countItems(executionId, 'FAILED')).toBe(doomed.size);
    const letters = await test.client.previewRedrives({ batchId: executionId });
    expect(letters.letters).toBe(doomed.size);
    const { historyLength } = await test.temporal.workflow
      .getHandle(executionWorkflowId(executionId))
      .describe();
    expect(historyLength).toBeLessThan(HISTORY_EVENTS_MAX);
    await this.expectAccepted(1);

    await test.setFaults([]);
    await test.client.redriveDeadLetters({ batchId: executionId });
    while ((await test.client.poll(executionId)).status !== 'COMPLETED') await sleep(200);
    expect((await test.client.poll(executionId)).items).toMatchObject({ completed: size.items });
    await this.expectAccepted(2);
    expect(await openBooks(test.system.databaseUrl)).toEqual([]);
    return this.figures({ acceptMs, seconds, historyLength });
  }

  /** At even distances of progress. */
  private async killOnTheWay(executionId: string): Promise<void> {
    const { kills, items } = this.size;
    for (let kill = 1; kill <= kills; kill += 1) {
      const share = (items * kill) / (kills + 1);
      for (;;) {
        const { items: counts, status } = await this.test.client.poll(executionId);
        expect(status).toBe('RUNNING');
        this.measure();
        if ((counts?.completed ?? 0) + (counts?.failed ?? 0) >= share) break;
        await sleep(100);
      }
      await this.test.kill('worker');
    }
  }

  private async watch(executionId: string) {
    for (;;) {
      const view = await this.test.client.poll(executionId);
      this.measure();
      if (view.status !== 'RUNNING') return view;
      await sleep(250);
    }
  }

  private async countItems(executionId: string, status: ItemStatus): Promise<number> {
    const found: BatchItem[] = [];
    for (let cursor: string | undefined; ;) {
      const filters = { status, limit: 100, ...(cursor === undefined ? {} : { cursor }) };
      const page = await this.test.client.listItems(executionId, filters);
      found.push(...page.data);
      if (page.nextCursor === null) return found.length;
      cursor = page.nextCursor;
    }
  }

  /** What is shared was taken once, and so was each item; the doomed ones as often as they were asked for. */
  private async expectAccepted(ofTheDoomed: number): Promise<void> {
    const counts = new Map<string, number>();
    for (const { prompt = '' } of await this.test.accepted()) {
      const key = prompt.match(/product \d+;/)?.[0] ?? 'style';
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.get('style')).toBe(1);
    const odd = this.prompts.flatMap((prompt) => {
      const count = counts.get(prompt) ?? 0;
      const isRight = this.doomed.has(prompt) ? count >= ofTheDoomed - 1 : count === 1;
      return isRight ? [] : [[prompt, count]];
    });
    expect(odd).toEqual([]);
  }

  /** A killed process begins anew: the highest that any of them had. */
  private measure(): void {
    for (const name of ['api', 'worker'] as const) {
      const pid = this.test.system.pidOf(name);
      const kilobytes = pid === undefined ? 0 : residentKilobytes(pid);
      this.peaks[name] = Math.max(this.peaks[name], kilobytes / 1_024);
    }
  }

  private figures(run: {
    readonly acceptMs: number;
    readonly seconds: number;
    readonly historyLength: number;
  }): string {
    const { items, window, providerMs, kills } = this.size;
    const idealSeconds = (Math.ceil(items / window) * providerMs) / 1_000;
    const { acceptMs, seconds, historyLength } = run;
    return (
      `${items} items, ${this.doomed.size} failing, ${kills} kills: ${seconds.toFixed(0)} s against ${idealSeconds.toFixed(0)} s ` +
      `of the provider alone (${(seconds / idealSeconds).toFixed(2)} ×), accepted in ${acceptMs.toFixed(0)} ms, ` +
      `${historyLength} events (${(historyLength / items).toFixed(1)} an item), ` +
      `resident at most: API ${this.peaks.api.toFixed(0)} MB, worker ${this.peaks.worker.toFixed(0)} MB`
    );
  }
}

function residentKilobytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
