import { join } from 'node:path';
import { BringUpError } from './bring-up-error';
import { type WatchedLog, watchLogs } from './log-watch';
import { ProcessRecord, stopLeftovers } from './process-record';
import type { Report } from './progress';
import type { ProcessObserver, SupervisedProcess } from './supervised-process';
import { settledWithin } from './wait-until';

/** The system's processes, in the order in which they are stopped: who asks goes before who answers. */
const stopOrder = ['api', 'worker', 'sandbox', 'temporal', 'postgres'] as const;
export type ProcessName = (typeof stopOrder)[number];

/** Children that log with pino: their errors are shown on the console. */
const watchedNames = ['api', 'worker', 'sandbox'];

/** An interrupted bring-up gets this many milliseconds to end its present step (initdb, a download). */
const noticeLimitMs = 5_000;

type Together<Steps extends readonly unknown[]> = { -readonly [Key in keyof Steps]: Awaited<Steps[Key]> };

/**
 * Holds the processes of one home: records their pids on disk, tells of deaths, and stops them in order.
 */
export class Supervisor {
  private readonly processes: SupervisedProcess[] = [];
  private readonly recordPath: string;
  private readonly record: ProcessRecord;
  private isStopping = false;
  private stopped: Promise<void> | undefined;
  private stopWatching = (): void => undefined;

  constructor(
    private readonly home: string,
    private readonly report: Report,
    private readonly unlock: () => void,
  ) {
    this.recordPath = join(home, 'processes.json');
    this.record = new ProcessRecord(this.recordPath);
  }

  /** To be handed to every process that is started for this home. */
  get observer(): ProcessObserver {
    return {
      onSupervise: (process) => this.keep(process),
      onStart: (name, pid, stopSignal) => this.record.add(name, pid, stopSignal),
      onUnexpectedExit: (name, how, logTail) => {
        this.report(`${name} died: ${how}; starting it again. End of ${this.logPath(name)}:\n${logTail}`);
      },
    };
  }

  logPath(name: string): string {
    return join(this.home, 'logs', `${name}.log`);
  }

  /** Ends what a start that was killed left running in this home. */
  async endLeftovers(): Promise<void> {
    const names = await stopLeftovers(this.recordPath);
    if (names.length > 0) this.report(`ended what a killed start had left running: ${names.join(', ')}`);
  }

  /** From now on shows on the console what the children log as errors. */
  showErrors(): void {
    const logs: WatchedLog[] = watchedNames.map((name) => ({ name, path: this.logPath(name) }));
    this.stopWatching = watchLogs(logs, this.report);
  }

  pidOf(name: ProcessName): number | undefined {
    return this.find(name)?.pid;
  }

  /**
   * Waits for steps of bring-up that run at once. When one fails, the others are stopped and waited for, so that
   * nothing still writes in the home when the failure is reported.
   */
  async together<Steps extends readonly unknown[]>(steps: readonly [...Steps]): Promise<Together<Steps>> {
    try {
      return await Promise.all(steps);
    } catch (error) {
      await this.stopProcesses();
      await Promise.allSettled(steps);
      throw error;
    }
  }

  /**
   * Stops everything in order and gives the home back.
   *
   * @param starting a bring-up that is still under way: it gets a few seconds to notice
   */
  stop(starting?: Promise<unknown>): Promise<void> {
    this.stopped ??= this.stopAll(starting);
    return this.stopped;
  }

  private async stopAll(starting: Promise<unknown> | undefined): Promise<void> {
    this.stopWatching();
    try {
      await this.stopProcesses();
      if (starting !== undefined) await settledWithin(starting, noticeLimitMs);
      this.record.clear();
    } finally {
      this.unlock();
    }
  }

  private async stopProcesses(): Promise<void> {
    this.isStopping = true;
    for (const name of stopOrder) await this.find(name)?.stop();
  }

  private keep(process: SupervisedProcess): void {
    if (this.isStopping) throw new BringUpError('stopped while starting');
    this.processes.push(process);
  }

  private find(name: ProcessName): SupervisedProcess | undefined {
    return this.processes.find((process) => process.name === name);
  }
}
