import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FAILPOINTS } from '../../store/failpoints';

const root = join(__dirname, '../..');
let rules: string;

beforeEach(() => {
  rules = mkdtempSync(join(tmpdir(), 'everframe-failpoints-'));
});

afterEach(() => rmSync(rules, { recursive: true, force: true }));

interface Ended {
  readonly passed: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

function start(places: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  const env = { PATH: process.env['PATH'], EVERFRAME_FAILPOINTS: rules, ...environment };
  return spawn(process.execPath, [join(__dirname, 'pass-failpoints.cjs'), ...places], { env });
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const chunks = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => (chunks.out += String(chunk)));
  child.stderr?.on('data', (chunk) => (chunks.err += String(chunk)));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { passed: chunks.out.split('\n').filter(Boolean), code, signal, errors: chunks.err };
}

function arm(place: string, rule: string): void {
  writeFileSync(join(rules, place), rule);
}

describe('failpoints', () => {
  it('do nothing unless the environment names a folder of rules', async () => {
    arm('intent.before', 'kill');
    const ended = await endOf(start(['intent.before'], { EVERFRAME_FAILPOINTS: '' }));
    expect(ended).toMatchObject({ passed: ['intent.before'], code: 0 });
    expect(readdirSync(rules)).toEqual(['intent.before']);
  });

  it('are refused in production mode', async () => {
    const ended = await endOf(start([], { NODE_ENV: 'production' }));
    expect(ended.code).toBe(1);
    expect(ended.errors).toContain('unset NODE_ENV=production');
  });

  it('kill the process at the place of the rule, and leave its pid there', async () => {
    arm('intent.after_commit', 'kill');
    const child = start(['intent.before', 'intent.after_commit', 'poll.before']);
    expect(await endOf(child)).toMatchObject({ passed: ['intent.before'], signal: 'SIGKILL' });
    expect(readFileSync(join(rules, 'intent.after_commit.hit'), 'utf8')).toBe(String(child.pid));
  });

  it('act once: whoever comes next passes', async () => {
    arm('poll.before', 'kill');
    expect((await endOf(start(['poll.before']))).signal).toBe('SIGKILL');
    expect(await endOf(start(['poll.before']))).toMatchObject({ passed: ['poll.before'], code: 0 });
  });

  it('act from the n-th time on where the rule says so', async () => {
    arm('poll.before', 'kill@3');
    const ended = await endOf(start(['poll.before', 'poll.before', 'poll.before']));
    expect(ended).toMatchObject({ passed: ['poll.before', 'poll.before'], signal: 'SIGKILL' });
  });

  it('stop the process until it is told to continue', async () => {
    arm('poll.before', 'stop');
    const child = start(['poll.before']);
    const ended = endOf(child);
    while (!existsSync(join(rules, 'poll.before.hit')) || stateOf(child) !== 'T')
      await new Promise(setImmediate);
    expect(child.exitCode).toBeNull();
    child.kill('SIGCONT');
    expect(await ended).toMatchObject({ passed: ['poll.before'], code: 0 });
  });

  it('lose the answer of the database', async () => {
    arm('settle.after_commit', 'lose_reply');
    const ended = await endOf(start(['settle.after_commit']));
    expect(ended).toMatchObject({ passed: [], code: 1 });
    expect(ended.errors).toContain('settle.after_commit: the connection to the database ended');
  });

  it('hold the process up for as long as the rule says', async () => {
    arm('poll.after', 'block:300');
    const startedMs = performance.now();
    expect((await endOf(start(['poll.after']))).passed).toEqual(['poll.after']);
    expect(performance.now() - startedMs).toBeGreaterThan(300);
  });

  it('refuse a rule that they do not know', async () => {
    arm('poll.after', 'explode');
    expect((await endOf(start(['poll.after']))).errors).toContain('holds no failpoint rule: "explode"');
  });

  it('each stand at one place in the product', () => {
    const sources = ['api', 'activities', 'store'].flatMap((room) => sourcesBelow(join(root, room)));
    const placed = sources.flatMap((source) =>
      [...source.matchAll(/\bfailpoint\('([^']+)'\)/g)].map((match) => match[1]),
    );
    expect(placed.sort()).toEqual([...FAILPOINTS].sort());
  });
});

/** One letter of the system's: T is stopped. */
function stateOf(child: ChildProcess): string | undefined {
  return readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')
    .split(') ')[1]
    ?.charAt(0);
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}
