import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

let sandbox: TestSandbox;
let picture: string;

beforeAll(async () => {
  sandbox = await aSandbox();
  const png = sharp({ create: { width: 320, height: 320, channels: 3, background: '#335577' } }).png();
  picture = (await png.toBuffer()).toString('base64');
});
afterAll(() => sandbox.remove());

interface Outcome {
  readonly created: { readonly code: number; readonly data: { readonly task_id: string } };
  readonly result: Task;
  readonly byOurs?: Task;
  readonly error?: { readonly message: string };
}
interface Task {
  readonly data: {
    readonly task_id: string;
    readonly task_status: string;
    readonly task_result: { readonly videos: readonly { readonly url: string; readonly duration: string }[] };
  };
}

/** What the client of others makes of the sandbox. */
async function drive(kind: string, params: object): Promise<Outcome> {
  const script = join(__dirname, 'kling-client.mjs');
  const call = JSON.stringify({ kind, params });
  const { stdout } = await promisify(execFile)(process.execPath, [script, `${sandbox.url}/kling`, call], {
    maxBuffer: 10_000_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Outcome;
}

async function clipOf({ result, error }: Outcome): Promise<Buffer> {
  if (error) throw new Error(error.message);
  const response = await fetch(result.data.task_result.videos[0]?.url ?? '');
  return Buffer.from(await response.arrayBuffer());
}

describe('Kling, driven by a client of others', () => {
  it('makes clips of a text, a picture and several pictures', async () => {
    const prompt = 'zoom in on a red fox';
    const outcomes = await Promise.all([
      drive('text', {
        model_name: 'kling-v2-6',
        prompt,
        duration: '5',
        aspect_ratio: '1:1',
        external_task_id: 'job_1',
      }),
      drive('image', { model_name: 'kling-v2-5-turbo', prompt, image: picture, duration: '5' }),
      drive('images', { model_name: 'kling-v1-6', prompt, image_list: [{ image: picture }], duration: '5' }),
    ]);
    for (const outcome of outcomes) {
      expect((await clipOf(outcome)).subarray(4, 8).toString('latin1')).toBe('ftyp');
      expect(outcome.result.data.task_status).toBe('succeed');
      expect(outcome.result.data.task_result.videos[0]?.duration).toBe('5.0');
    }
    expect(outcomes[0]?.byOurs?.data.task_id).toBe(outcomes[0]?.created.data.task_id);
  });

  it('lets a picture speak for as long as the given sound', async () => {
    const speech = await fetch(
      `${sandbox.url}/elevenlabs/v1/text-to-speech/Rachel?output_format=mp3_22050_32`,
      {
        method: 'POST',
        headers: { 'xi-api-key': 'any' },
        body: JSON.stringify({ text: 'Good evening, ladies and gentlemen, and welcome to the show.' }),
      },
    );
    const sound_file = Buffer.from(await speech.arrayBuffer()).toString('base64');
    const outcome = await drive('avatar', { image: picture, sound_file, mode: 'std' });
    expect((await clipOf(outcome)).subarray(4, 8).toString('latin1')).toBe('ftyp');
    expect(Number(outcome.result.data.task_result.videos[0]?.duration)).toBeGreaterThan(2);
  });

  it('refuses in its own words and turns a token away that is not valid now', async () => {
    await sandbox.plan({ provider: 'kling', action: 'insufficient_quota', times: 1 });
    const { error } = await drive('text', { model_name: 'kling-v2-6', prompt: 'x' });
    expect(error?.message).toMatch(/balance/i);
    const claims = { iss: 'ak', exp: 1, nbf: 0 };
    const token = ['{"alg":"HS256"}', JSON.stringify(claims), 'x'].map((part) =>
      Buffer.from(part).toString('base64url'),
    );
    const expired = await fetch(`${sandbox.url}/kling/v1/videos/text2video`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token.join('.')}` },
      body: '{}',
    });
    expect([expired.status, await expired.json()]).toEqual([401, expect.objectContaining({ code: 1004 })]);
  });
});
