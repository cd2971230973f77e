import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { BringUpError, explainWriteError } from './bring-up-error';
import { readLastLines, rotateLog } from './log-file';
import { pause, waitUntil } from './wait-until';

/** One program that the supervisor keeps alive. */
export interface ProcessSpec {
  /** Short name in messages and in the log file's name: `postgres`, `temporal`, `api` … */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The child's whole environment; nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  /** Owner to run as; only root may set it. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly logPath: string;
  /** True for our own Node children: they report readiness over IPC and exit when the channel closes. */
  readonly ipc: boolean;
  readonly stopSignal: NodeJS.Signals;
  /** After this many milliseconds a child that ignores `stopSignal` is killed. */
  readonly stopLimitMs: number;
  /** After this many milliseconds a child that is not ready counts as failed. */
  readonly readyLimitMs: number;
  /** Resolves true once this child serves; may be asked many times. Called only for children without IPC. */
  readonly isReady?: (pid: number) => Promise<boolean> | boolean;
}

/** What the supervisor wants to hear about a child. */
export interface ProcessObserver {
  /** Before the first start: keep the process, to stop it even while it is still starting. May throw to refuse. */
  onSupervise?(process: SupervisedProcess): void;
  /** A child was started (also after each restart): record its pid. */
  onStart?(name: string, pid: number, stopSignal: NodeJS.Signals): void;
  /** A child ended without being asked to and will be restarted. */
  onUnexpectedExit?(name: string, how: string, logTail: string): void;
}

const firstRestartDelayMs = 200;
const longestRestartDelayMs = 5_000;
/** A child that has served this long earned its first, short restart delay back. */
const stableAfterMs = 30_000;

/**
 * Starts a program, waits until it serves and keeps it alive: when it dies unasked it is started again after 0.2 s,
 * doubling to 5 s for a program that dies again and again. A child that served and was then killed by SIGKILL did
 * nothing wrong: it is always started again after 0.2 s. Children get a process group of their own, so that Ctrl-C reaches only the supervisor, which then
 * stops them in its order.
 *
 * @throws BringUpError with the last log lines when the program does not become ready the first time
 */
export async function startProcess(
  spec: ProcessSpec,
  observer: ProcessObserver = {},
): Promise<SupervisedProcess> {
  const supervised = new SupervisedProcess(spec, observer);
  observer.onSupervise?.(supervised);
  await supervised.startFirst();
  return supervised;
}

/** A running child; see {@link startProcess}. */
export class SupervisedProcess {
  private child: ChildProcess | undefined;
  private stopping = false;
  private restartDelayMs = firstRestartDelayMs;

  constructor(
    private readonly spec: ProcessSpec,
    private readonly observer: ProcessObserver,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  /** The present child's pid; undefined between a death and the restart. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** First start: a failure here is the caller's to show, there is no restart. */
  async startFirst(): Promise<void> {
    const child = this.spawnChild();
    const failure = await this.waitForReadiness(child);
    if (failure !== undefined) {
      await this.stop();
      throw new BringUpError(`${this.name} did not start: ${failure}\n${this.logTail()}`);
    }
    this.watch(child);
  }

  /** Stops the child for good: its stop signal, then SIGKILL after its limit. Safe to call twice. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.child !== undefined) await endChild(this.child, this.spec.stopSignal, this.spec.stopLimitMs);
  }

  private spawnChild(): ChildProcess {
    const log = openLog(this.spec.logPath);
    try {
      const child = spawn(this.spec.command, [...this.spec.args], {
        detached: true,
        env: this.spec.env,
        stdio: ['ignore', log, log, ...(this.spec.ipc ? (['ipc'] as const) : [])],
        ...(this.spec.user === undefined ? {} : this.spec.user),
      });
      this.child = child;
      if (child.pid !== undefined) this.observer.onStart?.(this.name, child.pid, this.spec.stopSignal);
      return child;
    } finally {
      closeSync(log);
    }
  }

  /** Undefined once the child serves, else why it does not. */
  private async waitForReadiness(child: ChildProcess): Promise<string | undefined> {
    let failure: string | undefined;
    let announced = false;
    child.once('error', (error) => (failure = error.message));
    child.once('exit', (code, signal) => (failure ??= describeExit(code, signal)));
    child.on('message', (message) => (announced ||= isReadyMessage(message)));
    const limitMs = this.spec.readyLimitMs;
    const done = await waitUntil(
      async () =>
        failure !== undefined ||
        announced ||
        (child.pid !== undefined && ((await this.spec.isReady?.(child.pid)) ?? false)),
      { limitMs, pauseMs: 15 },
    );
    return failure ?? (done ? undefined : `it was not ready within ${limitMs / 1000} s`);
  }

  private watch(child: ChildProcess): void {
    const servedSince = performance.now();
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (this.stopping) return;
      const wasStable = performance.now() - servedSince > stableAfterMs;
      if (wasStable || isKilledFromOutside(signal)) this.restartDelayMs = firstRestartDelayMs;
      this.observer.onUnexpectedExit?.(this.name, describeExit(code, signal), this.logTail());
      void this.restart();
    };
    if (hasEnded(child)) onExit(child.exitCode, child.signalCode);
    else child.once('exit', onExit);
  }

  private async restart(): Promise<void> {
    while (!this.stopping) {
      await pause(this.restartDelayMs);
      if (this.stopping) return;
      this.restartDelayMs = Math.min(this.restartDelayMs * 2, longestRestartDelayMs);
      const child = this.spawnChild();
      const failure = await this.waitForReadiness(child);
      if (failure === undefined) return this.watch(child);
      if (this.stopping) return;
      this.observer.onUnexpectedExit?.(this.name, failure, this.logTail());
      await endChild(child, 'SIGKILL', 0);
    }
  }

  private logTail(): string {
    return readLastLines(this.spec.logPath, 15);
  }
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    rotateLog(path);
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals, limitMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const killer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  await ended;
  clearTimeout(killer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** No program sends SIGKILL to itself, so a crash loop never shows as one. */
function isKilledFromOutside(signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGKILL';
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `it exited with code ${code ?? 'unknown'}` : `it was ended by ${signal}`;
}

function isReadyMessage(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;
}
