import { join } from 'node:path';
import type { Command } from 'commander';
import { readCliConfig } from '../config';
import { bringUp, type RunningSystem } from '../up';

/** `everframe up` (also `start`): brings the system up and keeps it up until Ctrl-C. */
export function addUpCommand(program: Command): void {
  program
    .command('up')
    .alias('start')
    .description('bring the whole system up and keep it up until Ctrl-C')
    .action(async () => {
      const interrupt = onInterrupt();
      const startedAt = performance.now();
      const config = readCliConfig(process.env, process.cwd());
      const system = await bringUp({ config, report: console.log, signal: interrupt.signal });
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`Everframe is up (${seconds} s)`);
      console.log(describeUrls(system.urls) + describeNewKeys(system, config.home));
      console.log('Stop it with Ctrl-C.');
      await interrupt.happened;
      console.log('stopping');
      await system.stop();
      process.exit(0);
    });
}

/** The addresses of a system, one a line. */
export function describeUrls(urls: Readonly<Record<string, string | undefined>>): string {
  return alignPairs([
    ['API', urls['api']],
    ['API docs', urls['docs']],
    ['Temporal UI', urls['temporalUi']],
  ]);
}

/** The keys that this start made; nothing on later starts, when they are only in the file. */
function describeNewKeys(system: RunningSystem, home: string): string {
  if (!system.hasNewKeys) return '';
  const { test, live } = system.credentials.keys;
  const kept = join(home, 'credentials.json');
  return `\n${alignPairs([
    ['Test key', test],
    ['Live key', live],
    ['Kept in', kept],
  ])}`;
}

function alignPairs(pairs: readonly (readonly [string, string | undefined])[]): string {
  return pairs
    .flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(12)} ${value}`]))
    .join('\n');
}

/** npm passes Ctrl-C on to a process that the terminal has told already: within this time it is the same one. */
const sameInterruptMs = 500;

/** Ctrl-C, a polite kill, or the terminal closing; a second one ends at once (the next start cleans up). */
export function onInterrupt(): { readonly signal: AbortSignal; readonly happened: Promise<void> } {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const interrupt = (): void => {
    firstAt ??= performance.now();
    if (controller.signal.aborted && performance.now() - firstAt > sameInterruptMs) process.exit(130);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  const happened = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve()),
  );
  return { signal: controller.signal, happened };
}
