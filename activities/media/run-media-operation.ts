import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { childReplySchema, type ChildReply, type ChildRequest } from './child-protocol';
import { MediaError } from '../../store/assets/media/media-error';
import { nameOf, type MediaOperation, type MediaResult } from './media-operation';

export interface MediaRunOptions {
  /** From the start of the process, about 0.2 s of which are its own. */
  readonly timeoutMs: number;
  /** Of the whole process, native memory included; about 100 MB are its own. */
  readonly memoryLimitMb: number;
  readonly signal?: AbortSignal;
  /** Made when missing; new files and the libraries' scratch files go there. */
  readonly workFolder: string;
}

/** Only where this file itself runs from its TypeScript source (jest); a build runs compiled files. */
const TYPESCRIPT_HOOK = join(__dirname, '../../scripts/typescript-hook.cjs');
/** Last part of what a child wrote to stderr, kept for operators. */
const STDERR_CHARACTERS_MAX = 4_000;

/**
 * Does one piece of image, video or audio work in a process of its own, so that a hostile file can take neither this
 * process's memory nor its event loop, and so that it can be stopped at any moment. The child gets no environment of
 * ours, hence no secret, and opens local files only.
 *
 * @returns What was found, or a new file or folder `media-<uuid>` in the work folder, which is then the caller's.
 * @throws MediaError, see its kinds; the signal's reason when aborted. The child is gone and no file left behind then.
 */
export async function runMediaOperation(
  operation: MediaOperation,
  options: MediaRunOptions,
): Promise<MediaResult> {
  await mkdir(options.workFolder, { recursive: true });
  options.signal?.throwIfAborted();
  const outputPath = join(options.workFolder, `media-${randomUUID()}`);
  const child = startChild(options);
  try {
    const { memoryLimitMb } = options;
    return toResult(await askChild(child, { operation, outputPath, memoryLimitMb }, options));
  } catch (error) {
    await stopChild(child);
    await rm(outputPath, { force: true, recursive: true });
    throw error;
  } finally {
    await stopChild(child);
  }
}

function startChild({ memoryLimitMb, workFolder }: MediaRunOptions): ChildProcess {
  const script = require.resolve('./child-main');
  const isSource = script.endsWith('.ts');
  return fork(script, [], {
    execArgv: [`--max-old-space-size=${memoryLimitMb}`, ...(isSource ? ['--require', TYPESCRIPT_HOOK] : [])],
    // TMPDIR: scratch files of libvips. MALLOC_ARENA_MAX: fewer idle megabytes per thread.
    env: { TMPDIR: workFolder, MALLOC_ARENA_MAX: '2' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** Settles with the child's reply, or rejects as soon as it ends without one, takes too long or is not wanted any more. */
async function askChild(
  child: ChildProcess,
  request: ChildRequest,
  options: MediaRunOptions,
): Promise<ChildReply> {
  const { timeoutMs, signal } = options;
  const readStderr = collectStderr(child);
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    const message = await new Promise<unknown>((resolve, reject) => {
      timer = setTimeout(() => reject(timeoutError(request, timeoutMs)), timeoutMs);
      onAbort = (): void => reject(abortError(signal));
      signal?.addEventListener('abort', onAbort, { once: true });
      child.once('error', (cause) =>
        reject(new MediaError('crashed', 'The process for media work cannot be started.', { cause })),
      );
      child.once('message', resolve);
      child.once('close', (code, signalName) => reject(endError(request, code ?? signalName, readStderr())));
      // A child that is gone already shows by its end.
      child.send(request, () => undefined);
    });
    return childReplySchema.parse(message);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

function toResult(reply: ChildReply): MediaResult {
  if (reply.status === 'done') return reply.result;
  throw new MediaError(reply.kind, reply.message, { operatorDetail: reply.operatorDetail });
}

function collectStderr(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-STDERR_CHARACTERS_MAX);
  });
  return () => text;
}

function timeoutError({ operation }: ChildRequest, timeoutMs: number): MediaError {
  return new MediaError(
    'timeout',
    `${nameOf(operation)} took longer than ${timeoutMs / 1_000} s and was stopped.`,
  );
}

function endError(
  { operation }: ChildRequest,
  end: number | string | null,
  operatorDetail: string,
): MediaError {
  if (operatorDetail.includes('heap out of memory')) {
    return new MediaError('too_large', `${nameOf(operation)} needs more memory than it may have.`, {
      operatorDetail,
    });
  }
  return new MediaError('crashed', `${nameOf(operation)} ended without a result (${end}).`, {
    operatorDetail,
  });
}

/** What the caller gave as its reason, so that a Temporal cancellation stays one. */
function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('The media work was aborted.', { cause: reason });
}

/** Returns when the process is gone and its pipes are closed. */
async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
