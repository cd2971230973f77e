import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/create-sandbox';
import type { FaultPlanRequest } from '../../sandbox/core/faults';
import type { LedgerEntry } from '../../sandbox/core/ledger';

/** A sandbox on a folder of its own; `restart` stands for a process that was killed and came back. */
export interface TestSandbox extends Sandbox {
  readonly dataFolder: string;
  readonly ledger: () => Promise<LedgerEntry[]>;
  readonly plan: (...rules: FaultPlanRequest['rules']) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function aSandbox(options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const dataFolder = options.dataFolder ?? mkdtempSync(join(tmpdir(), 'everframe-sandbox-'));
  const sandbox = await createSandbox({ latency: 0, frameRate: 4, ...options, dataFolder });
  return {
    ...sandbox,
    dataFolder,
    ledger: async () => {
      const response = await fetch(`${sandbox.url}/_sandbox/ledger`);
      return ((await response.json()) as { entries: LedgerEntry[] }).entries;
    },
    plan: async (...rules) => {
      const response = await fetch(`${sandbox.url}/_sandbox/faults`, {
        method: 'POST',
        body: JSON.stringify({ rules, seed: 1 }),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    remove: async () => {
      await sandbox.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

export interface ReceivedCallback {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where callbacks go: `next()` resolves with each one in turn. */
export interface CallbackReceiver {
  readonly url: string;
  readonly received: readonly ReceivedCallback[];
  readonly next: () => Promise<ReceivedCallback>;
  readonly close: () => Promise<void>;
}

/** @param statuses answers to the first callbacks; 200 after them. */
export async function aCallbackReceiver(statuses: number[] = []): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const waiting: ((callback: ReceivedCallback) => void)[] = [];
  let taken = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const callback = {
        headers: Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        ),
        body: Buffer.concat(chunks).toString('utf8'),
      };
      received.push(callback);
      response.writeHead(statuses[received.length - 1] ?? 200).end();
      const listener = waiting.shift();
      if (listener !== undefined) {
        taken += 1;
        listener(callback);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback?token=t`,
    received,
    next: () => {
      const callback = received[taken];
      if (callback === undefined) return new Promise((resolve) => waiting.push(resolve));
      taken += 1;
      return Promise.resolve(callback);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
