import { join } from 'node:path';
import { BringUpError } from './bring-up-error';
import { type WatchedLog, watchLogs } from './log-watch';
import { ProcessRecord, stopLeftovers } from './process-record';
import type { Report } from './progress';
import type { ProcessObserver, SupervisedProcess } from './supervised-process';

/** The system's processes, in the order in which they are stopped: who asks goes before who answers. */
const stopOrder = ['api', 'worker', 'sandbox', 'temporal', 'postgres'] as const;
export type ProcessName = (typeof stopOrder)[number];

/** Children that log with pino: their errors are shown on the console. */
const watchedNames = ['api', 'worker', 'sandbox'];

/**
 * Holds the processes of one home: records their pids on disk, tells of deaths, and stops them in order.
 */
export class Supervisor {
  private readonly processes: SupervisedProcess[] = [];
  private readonly recordPath: string;
  private readonly record: ProcessRecord;
  private stopping: Promise<void> | undefined;
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

  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private keep(process: SupervisedProcess): void {
    if (this.stopping !== undefined) throw new BringUpError('stopped while starting');
    this.processes.push(process);
  }

  private async stopAll(): Promise<void> {
    this.stopWatching();
    try {
      for (const name of stopOrder) await this.find(name)?.stop();
      this.record.clear();
    } finally {
      this.unlock();
    }
  }

  private find(name: ProcessName): SupervisedProcess | undefined {
    return this.processes.find((process) => process.name === name);
  }
}
