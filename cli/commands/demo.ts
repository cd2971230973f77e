import { join } from 'node:path';
import type { Command } from 'commander';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import { type CliConfig, readCliConfig } from '../config';
import { publishWorkflows } from '../demo/publish-workflows';
import { type Example, readExample } from '../demo/read-example';
import { readCredentials, readState } from '../embedded/home-files';
import { findHolder } from '../embedded/home-lock';
import { describeResult } from '../execution/describe-result';
import { followExecution } from '../execution/follow-execution';
import { saveOutputs } from '../execution/save-outputs';
import { positiveInteger } from '../option-values';
import { choosePaint } from '../paint';
import { bringUp } from '../up';
import { describeUrls, onInterrupt } from './up';

const defaultExample = 'text-to-image-upscale';
/** Enough to see what a batch is. */
const DEMO_ITEMS = 4;

/** `everframe demo [example]`: runs an example in test mode on this home's system and saves what it makes. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .argument('[example]', 'a file of examples/, without .json', defaultExample)
    .option('--keep', 'leave the system up until Ctrl-C')
    .option('--limit <count>', 'of a batch: the first items only', positiveInteger, DEMO_ITEMS)
    .description('run an example from start to finished files, in test mode: no account, no key, no cost')
    .action(async (name: string, options: { readonly keep?: true; readonly limit: number }) => {
      const interrupt = onInterrupt();
      const example = readExample(name, options.limit);
      const config = readCliConfig(process.env, process.cwd());
      const system = findRunning(config) ?? (await startHere(config, interrupt.signal));
      try {
        const run = runExample({ name, example, system });
        const isCompleted = await Promise.race([run, interrupt.happened.then(() => false)]);
        process.exitCode = isCompleted ? 0 : 1;
        console.log(`\n${describeUrls(system.urls)}`);
        if (options.keep && system.isOurs) {
          console.log('The system stays up. Stop it with Ctrl-C.');
          await interrupt.happened;
        }
      } finally {
        await system.stop();
      }
      process.exit();
    });
}

interface DemoSystem {
  /** False for a system that was up before: it is left up. */
  readonly isOurs: boolean;
  readonly urls: Readonly<Record<string, string>>;
  readonly testKey: string;
  stop(): Promise<void>;
}

function findRunning(config: CliConfig): DemoSystem | undefined {
  if (findHolder(config.home) === undefined) return undefined;
  const { urls } = readState(config.home);
  const testKey = readCredentials(config.home)?.keys.test;
  if (urls['api'] === undefined || testKey === undefined) return undefined;
  console.log(`using the system that is up in ${config.home}`);
  return { isOurs: false, urls, testKey, stop: () => Promise.resolve() };
}

async function startHere(config: CliConfig, signal: AbortSignal): Promise<DemoSystem> {
  const startedAt = performance.now();
  const system = await bringUp({ config, report: console.log, signal });
  console.log(`Everframe is up (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  return {
    isOurs: true,
    urls: system.urls,
    testKey: system.credentials.keys.test,
    stop: () => system.stop(),
  };
}

async function runExample(demo: {
  readonly name: string;
  readonly example: Example;
  readonly system: DemoSystem;
}): Promise<boolean> {
  const { name, example, system } = demo;
  const client = createEverframeClient({ baseUrl: system.urls['api'] ?? '', apiKey: system.testKey });
  const paint = choosePaint(process.stdout, process.env);
  const { executionId } = await client.execute(await publishWorkflows(client, example));
  console.log(`\n${name}: execution ${executionId}`);
  let view = await followExecution(client, executionId, { show: console.log, paint });
  while (view.status === 'WAITING' && (await approveInYourName(client, executionId)))
    view = await followExecution(client, executionId, { show: console.log, paint });
  const saved = await saveOutputs(client, view, join(process.cwd(), 'out', name));
  console.log(`\n${describeResult(view, saved, paint)}`);
  return view.status === 'COMPLETED';
}

/** A demo ends by itself: what a person is asked is approved. @returns whether there was anything */
async function approveInYourName(client: EverframeClient, executionId: string): Promise<boolean> {
  const { data } = await client.listReviews({ executionId });
  for (const { reviewId, step, title } of data) {
    console.log(
      `${step} asks: ${title} Approved in your name; otherwise: npx everframe reviews reject ${reviewId}`,
    );
    await client.decideReview(reviewId, { decision: 'approve' });
  }
  return data.length > 0;
}
