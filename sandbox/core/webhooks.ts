import type { FaultPlan } from './faults';
import type { Job } from './job';

/** What is sent; built anew for each try, as the signature covers the time. */
export interface Callback {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** fal: 15 s to answer, about ten tries (docs.fal.ai, webhooks). The vendors' spans are hours; ours are seconds. */
const timeoutMs = 15_000;
const tries = 10;
const firstDelayMs = 500;

/** Delivers callbacks with retries, as the fault plan lets it. Redirects are not followed. */
export class Webhooks {
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(private readonly faults: FaultPlan) {}

  /** Whether nothing more is to be sent: answered with 2xx, given up, or lost as planned. False after a stop. */
  async deliver(job: Job, url: string, build: () => Callback): Promise<boolean> {
    const { provider, model, prompt } = job;
    const fault = this.faults.decide({ provider, model, prompt, operation: 'callback' });
    if (fault?.action === 'lose_webhook') return true;
    if (fault?.action === 'slow') await this.pause(fault.delayMs ?? 2_000);
    await this.deliverOnce(url, build);
    if (fault?.action === 'duplicate_webhook') await this.deliverOnce(url, build);
    return !this.stopped;
  }

  stop(): void {
    this.stopped = true;
    this.timers.forEach((timer) => clearTimeout(timer));
  }

  private async deliverOnce(url: string, build: () => Callback): Promise<void> {
    for (let attempt = 0; attempt < tries && !this.stopped; attempt += 1) {
      if (await post(url, build())) return;
      await this.pause(Math.min(60_000, firstDelayMs * 2 ** attempt));
    }
  }

  private pause(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve();
      }, waitMs);
      timer.unref();
      this.timers.add(timer);
    });
  }
}

async function post(url: string, { headers, body }: Callback): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
