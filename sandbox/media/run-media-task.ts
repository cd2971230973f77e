import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { MediaReply, MediaResult, MediaTask } from './media-task';

const timeoutMs = 120_000;
const memoryLimit = '--max-old-space-size=768';

/** Only where this file itself runs from its TypeScript source (jest); a build runs compiled files. */
const typescriptHook = join(__dirname, '../../scripts/typescript-hook.cjs');

/** Does one task in a process of its own; a broken encoder takes nobody with it. @throws Error with its message. */
export function runMediaTask(task: MediaTask): Promise<MediaResult> {
  const script = require.resolve('./media-child');
  const hook = script.endsWith('.ts') ? ['--require', typescriptHook] : [];
  const child = fork(script, [], {
    execArgv: [memoryLimit, ...hook],
    env: {},
    serialization: 'advanced',
    timeout: timeoutMs,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the media child ended without a result (${signal ?? code})`)),
    );
    child.once('message', (reply: MediaReply) => {
      child.disconnect();
      if ('result' in reply) resolve(reply.result);
      else reject(new Error(reply.error));
    });
    child.send(task);
  });
}
