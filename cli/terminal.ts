import { choosePaint, type Paint } from './paint';

/** Everything outside that a command reads or writes. */
export interface CliEnvironment {
  readonly environment: NodeJS.ProcessEnv;
  readonly workingFolder: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** A signal that Ctrl-C aborts; from this call on Ctrl-C does not end the process by itself. */
  readonly onInterrupt: () => AbortSignal;
}

export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Two ways of speaking: text for people, or with `--json` exactly one JSON document on stdout. */
export interface Terminal {
  readonly isJson: boolean;
  readonly paint: Paint;
  /** Progress: stdout for people, stderr beside a JSON document. */
  readonly show: (line: string) => void;
  /** The answer, once per command. */
  readonly answer: (document: unknown, text: () => string) => void;
  /** Advice beside the answer: always stderr. */
  readonly note: (line: string) => void;
}

export function createTerminal({ environment, stdout, stderr }: CliEnvironment, isJson: boolean): Terminal {
  const progress = isJson ? stderr : stdout;
  return {
    isJson,
    paint: choosePaint(progress, environment),
    show: (line) => void progress.write(`${line}\n`),
    answer: (document, text) =>
      void stdout.write(isJson ? `${JSON.stringify(document, null, 2)}\n` : `${text()}\n`),
    note: (line) => void stderr.write(`${line}\n`),
  };
}
