import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { sniffMediaType } from '../../../store/assets/media/sniff-media-type';
import type { MediaProbe } from '../../../store/assets/media/media-probe';
import type { JsonObject, JsonValue } from '../../../workflows/contract';
import { createMediaFixtures, type MediaFixtures } from './media-fixtures';

export type Inputs = Readonly<Record<string, string | readonly string[]>>;

export interface Done {
  readonly files: Readonly<Record<string, string | readonly string[]>>;
  readonly values: Readonly<Record<string, JsonValue>>;
}

export interface PictureFacts {
  readonly mimeType: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** RGBA at a place. */
  at(x: number, y: number): readonly number[];
}

/** One media child that does the works of a test file in turn. */
export interface WorkBench {
  readonly fixtures: MediaFixtures;
  /** @throws an error with the kind of the MediaError */
  run(work: string, config: JsonObject, inputs: Inputs): Promise<Done>;
  /** Runs and gives the one file of the port. */
  file(work: string, config: JsonObject, inputs: Inputs, port?: string): Promise<string>;
  picture(path: string): Promise<PictureFacts>;
  /** By FFmpeg's own reading of the file. */
  probe(path: string): Promise<MediaProbe & { readonly mimeType: string | undefined }>;
  /** Mean grey of frames of a clip at equal distances. */
  greys(path: string, count: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

export async function openWorkBench(): Promise<WorkBench> {
  const root = join(__dirname, '../../..');
  const fixtures = await createMediaFixtures();
  const child = fork(join(__dirname, 'work-child.ts'), [], {
    execArgv: ['--require', join(root, 'scripts/typescript-hook.cjs')],
    env: { MALLOC_ARENA_MAX: '2' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ask = (operation: object): Promise<unknown> =>
    askChild(child, operation, fixtures.path(randomUUID()));
  const run: WorkBench['run'] = async (work, config, inputs) => {
    const lists = Object.fromEntries(
      Object.entries(inputs).map(([port, given]) => [port, typeof given === 'string' ? [given] : given]),
    );
    return (await ask({ kind: 'work', work, config, inputs: lists })) as Done;
  };
  const file: WorkBench['file'] = async (work, config, inputs, port) => {
    const { files } = await run(work, config, inputs);
    const made = files[port ?? Object.keys(files)[0] ?? ''];
    if (typeof made !== 'string') throw new Error(`${work} made no file.`);
    return made;
  };
  return {
    fixtures,
    run,
    file,
    picture,
    probe: async (path) => ({
      ...((await ask({ kind: 'video.probe', inputPath: path })) as MediaProbe),
      mimeType: sniffMediaType(await readFile(path))?.mimeType,
    }),
    greys: async (path, count) => {
      const { files } = await run('video:frames', { count, format: 'png' }, { video: path });
      const images = files['images'];
      if (typeof images === 'string' || images === undefined) throw new Error('There are no frames.');
      return Promise.all(images.map(meanGrey));
    },
    close: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await fixtures.remove();
    },
  };
}

async function askChild(child: ChildProcess, operation: object, folder: string): Promise<unknown> {
  child.send({ operation, folder });
  const [reply] = (await once(child, 'message')) as [
    { readonly result?: unknown; readonly error?: { readonly message: string } },
  ];
  if (!reply.error) return reply.result;
  throw Object.assign(new Error(reply.error.message), reply.error);
}

async function picture(path: string): Promise<PictureFacts> {
  const content = await readFile(path);
  const { width, height, pages: frames = 1, pageHeight } = await sharp(content).metadata();
  const raw = await sharp(content).toColourspace('srgb').ensureAlpha().raw().toBuffer();
  const at = (x: number, y: number): readonly number[] => [
    ...raw.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
  ];
  const mimeType = sniffMediaType(content)?.mimeType;
  return { mimeType, width, height: pageHeight ?? height, frames, at };
}

async function meanGrey(path: string): Promise<number> {
  const { channels } = await sharp(path).grayscale().stats();
  return Math.round(channels[0]?.mean ?? 0);
}
