import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../store/assets/s3-settings';
import { reservePort } from './reserve-port';

const VERSION = '1.8.0';
const credentials = { accessKeyId: 'everframe-test', secretAccessKey: 'a secret of the tests' };

export interface S3Server {
  /** Of a bucket that is there and empty. */
  readonly settings: S3Settings & { readonly endpoint: string };
  stop(): Promise<void>;
}

/**
 * A real S3 server that checks every signature: versitygw over a folder, built once per machine from its Go module and
 * kept in the cache of the user (about a minute).
 *
 * @throws when it can neither be found nor built: there is no S3 suite without a real server
 */
export async function startS3Server(): Promise<S3Server> {
  const program = await findProgram();
  const folder = await mkdtemp(join(tmpdir(), 'everframe-s3-'));
  const port = await reservePort();
  const child = spawn(program, ['--port', `127.0.0.1:${port}`, 'posix', folder], {
    env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    stdio: 'ignore',
  });
  const settings = {
    ...{ bucket: 'assets', prefix: 'here/', region: 'us-east-1', pathStyle: true, credentials },
    endpoint: `http://127.0.0.1:${port}`,
  };
  await makeBucket(settings, child);
  return {
    settings,
    stop: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findProgram(): Promise<string> {
  const cache =
    process.env['EVERFRAME_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'everframe');
  const target = join(cache, 'versitygw', VERSION, 'versitygw');
  if (existsSync(target)) return target;
  const folder = join(cache, 'versitygw', `building-${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' };
    const module = `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`;
    await promisify(execFile)('go', ['install', '-ldflags=-s -w', module], { env });
    await mkdir(join(cache, 'versitygw', VERSION), { recursive: true });
    await rename(join(folder, 'versitygw'), target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** It listens when it answers; the SDK itself tries again while it does not. */
async function makeBucket(
  { bucket, region, endpoint }: S3Server['settings'],
  child: ChildProcess,
): Promise<void> {
  const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true, maxAttempts: 12 });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The S3 server has ended (${String(code)}).`);
  });
  await Promise.race([client.send(new CreateBucketCommand({ Bucket: bucket })), ended]);
  ended.catch(() => undefined);
  client.destroy();
}
