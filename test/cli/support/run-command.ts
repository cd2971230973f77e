import { runCli } from '../../../cli/run-cli';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What a script would get of `--json`: throws unless stdout is exactly one JSON document. */
  readonly json: () => unknown;
}

export interface CommandOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly workingFolder: string;
  readonly isTTY?: boolean;
  readonly interrupt?: AbortSignal;
  /** Sees stdout as it grows. */
  readonly onOutput?: (stdout: string) => void;
}

/** Runs one command line within this process. */
export async function runCommand(words: readonly string[], options: CommandOptions): Promise<CommandResult> {
  let [stdout, stderr] = ['', ''];
  const { environment, workingFolder, isTTY, interrupt = new AbortController().signal } = options;
  const exitCode = await runCli(words, {
    ...{ environment, workingFolder },
    stdout: {
      isTTY,
      write: (text) => {
        stdout += text;
        options.onOutput?.(stdout);
      },
    },
    stderr: { isTTY, write: (text) => void (stderr += text) },
    onInterrupt: () => interrupt,
  });
  return { exitCode, stdout, stderr, json: (): unknown => JSON.parse(stdout) };
}
