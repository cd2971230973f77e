import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkConfig } from '../../../pipeline/nodes/local/local-work';
import { videoWork, type VideoWork } from '../../../pipeline/nodes/local/video-work';
import { restrictLibvips, writePicture } from '../image-operations';
import { loadNodeAv, type NodeAv } from '../load-node-av';
import { MediaError } from '../../../store/assets/media/media-error';
import { chain, even, num, pictureOf, soundOf } from './graph';
import { FONT_FILE } from './lettering';
import { fromLayer, layGrid, openPicture, openPictures, toImage, toLayer, type Layer } from './picture';
import { encodeGraph, eachFrame, mp4, soundContainer, type Graph } from './run-graph';
import { openSources, type Source } from './source';
import { parseCues, writeCues, type Cue } from './subtitles';
import { toSharp } from './to-sharp';
import { stillPicture, videoGraphs, type GraphBuilder, type Sources } from './video-graphs';
import { fileAt, type Work, type WorkResult } from './work';

type Config<Name extends VideoWork> = WorkConfig<typeof videoWork, Name>;
type GraphName = keyof typeof videoGraphs;
type Rest = {
  readonly [Name in Exclude<VideoWork, GraphName>]: (
    nodeAv: NodeAv,
    work: Work<Config<Name>>,
    clip: Source,
    sources: Sources,
  ) => Promise<WorkResult>;
};

/** Most clips at a port that takes several. */
const CLIPS_MAX = 20;

/** Does one kind of work on clips. The process must be that of this work alone: it changes its current folder. */
export async function workOnVideo(name: VideoWork, work: Work<unknown>): Promise<WorkResult> {
  restrictLibvips();
  process.chdir(work.folder);
  const nodeAv = await loadNodeAv();
  const config = videoWork[name].config.parse(work.config);
  // The schema of that name made this config: TypeScript cannot follow it through the table.
  const typed = { ...work, config } as Work<never>;
  const sources = await readSources(nodeAv, name, work);
  const [clip] = [...sources.of('video'), ...sources.of('videos')];
  if (name === 'video:slideshow') return slideshow(nodeAv, typed, sources);
  if (!clip) throw new MediaError('unsupported', 'There is no clip to work on.');
  await prepare[name as keyof typeof prepare]?.(typed, clip);
  if (!(name in videoGraphs)) return rest[name as keyof typeof rest](nodeAv, typed, clip, sources);
  const build: GraphBuilder<never> = videoGraphs[name as GraphName];
  const { container = mp4(), ...graph } = build(typed.config, clip, sources);
  const port = name === 'video:animation' ? 'image' : 'video';
  return writeGraph(nodeAv, graph, container, port, work);
}

async function writeGraph(
  nodeAv: NodeAv,
  graph: Graph,
  container: Parameters<typeof encodeGraph>[2],
  port: string,
  { folder }: Pick<Work<unknown>, 'folder'>,
): Promise<WorkResult> {
  const path = join(folder, 'result');
  await encodeGraph(nodeAv, graph, container, path);
  return { files: { [port]: path } };
}

async function readSources(nodeAv: NodeAv, name: VideoWork, work: Work<unknown>): Promise<Sources> {
  const byPort = new Map<string, readonly Source[]>();
  for (const [port, { type }] of Object.entries(videoWork[name].inputs)) {
    if (type !== 'video' && type !== 'audio') continue;
    const countMax = name === 'video:side_by_side' ? 4 : CLIPS_MAX;
    byPort.set(
      port,
      await openSources(nodeAv, work, port, type === 'video' ? ['video'] : ['audio', 'video'], countMax),
    );
  }
  return { of: (port) => byPort.get(port) ?? [], pictures: (port) => (port === 'image' ? ['mark.png'] : []) };
}

/** Files that a graph reads besides its clips. */
const prepare = {
  'video:burn_text': async (work: Work<Config<'video:burn_text'>>, clip: Source) => {
    const {
      text = '',
      startSeconds,
      endSeconds = Math.max(clip.durationSeconds, startSeconds) + 1,
    } = work.config;
    await writeScript(work, clip, [{ startSeconds, endSeconds, text }], work.config.position);
  },
  'video:burn_subtitles': async (work: Work<Config<'video:burn_subtitles'>>, clip: Source) => {
    await writeScript(work, clip, parseCues(work.config.subtitles ?? ''), 'south');
  },
  'video:overlay_image': async (work: Work<Config<'video:overlay_image'>>, clip: Source) => {
    const picture = await openPicture(fileAt(work, 'image'));
    const width = Math.max(1, Math.round(clip.width * work.config.widthShare));
    const fitted = picture.image().resize({ width, height: clip.height, fit: 'inside' });
    const layer = await toLayer(fitted, work.config.opacity);
    await writePicture(fromLayer(layer), { format: 'png' }, join(work.folder, 'mark.png'));
  },
} as const;

async function writeScript(
  work: Work<{ readonly sizeShare: number; readonly color: string }>,
  { width, height }: Source,
  cues: readonly Cue[],
  position: string,
): Promise<void> {
  const { sizeShare, color } = work.config;
  await mkdir(join(work.folder, 'fonts'));
  await copyFile(FONT_FILE, join(work.folder, 'fonts', 'font.ttf'));
  await writeCues(work.folder, 'cues.ass', cues, { width, height, sizeShare, color, position });
}

const rest: Omit<Rest, 'video:slideshow'> = {
  'video:extract_audio': async (nodeAv, { config, folder }, clip) => {
    if (!clip.hasAudio) throw new MediaError('unsupported', 'The clip has no sound to extract.');
    const graph = { audio: true, chains: [chain(soundOf(clip), 'a')] };
    return writeGraph(nodeAv, graph, soundContainer(config.format), 'audio', { folder });
  },
  'video:frames': async (nodeAv, { config, folder }, clip) => {
    const { count, width, format } = config;
    const scaled = width === undefined ? [] : [`scale=${width}:-2`];
    const images: string[] = [];
    for (const frame of await spreadFrames(nodeAv, clip, count, scaled)) {
      const path = join(folder, `frame-${images.length}`);
      await writePicture(fromLayer(frame), { format, quality: 88 }, path);
      images.push(path);
    }
    return { files: { images } };
  },
  'video:contact_sheet': async (nodeAv, work, clip) => {
    const { columns, rows, cellWidth, format } = work.config;
    const frames = await spreadFrames(nodeAv, clip, columns * rows, [`scale=${even(cellWidth)}:-2`]);
    return toImage(await layGrid(frames, { columns, gap: 4, background: '#ffffff' }), format, work);
  },
};

/** Frames that show in the middles of that many equal parts of a clip. */
async function spreadFrames(
  nodeAv: NodeAv,
  clip: Source,
  count: number,
  filters: readonly string[],
): Promise<readonly Layer[]> {
  const frames: Layer[] = [];
  let shown = 0;
  let last: Layer | undefined;
  await eachFrame(nodeAv, [chain([...pictureOf(clip), ...filters], 'v')], async (frame) => {
    shown += 1;
    const target = (clip.durationSeconds * (frames.length + 0.5)) / count;
    if (frames.length === count || shown / clip.frameRate < target) return;
    last = await toLayer(await toSharp(nodeAv, frame));
    const isDue = (): boolean =>
      frames.length < count &&
      shown / clip.frameRate >= (clip.durationSeconds * (frames.length + 0.5)) / count;
    while (isDue()) frames.push(last);
  });
  if (!last) throw new MediaError('invalid_media', 'Not one frame of the video can be decoded.');
  // The sound may go on after the last picture.
  while (frames.length < count) frames.push(last);
  return frames;
}

async function slideshow(
  nodeAv: NodeAv,
  work: Work<Config<'video:slideshow'>>,
  sources: Sources,
): Promise<WorkResult> {
  const { width, height, transition, transitionSeconds, zoom, frameRate } = work.config;
  const [sound] = sources.of('audio');
  const pictures = await openPictures(work, 'images', 50);
  const count = pictures.length;
  const [w, h] = [even(width), even(height)];
  for (const [index, picture] of pictures.entries()) {
    const fitted = picture.image().resize({ width: w, height: h, fit: 'contain', background: '#000000' });
    const flat = fitted.flatten({ background: '#000000' });
    await writePicture(flat, { format: 'png' }, join(work.folder, `slide${index}.png`));
  }
  const shared = sound ? sound.durationSeconds / Math.max(1, count) : 3;
  const each = Math.max(0.2, work.config.secondsPerImage ?? shared);
  const overlap = transition === 'none' ? 0 : Math.min(transitionSeconds, each / 2);
  const chains = pictures.map((_, index) => {
    // The last one is shown alone to its end.
    const seconds = index === count - 1 ? each : each + overlap;
    return chain(slide(`slide${index}.png`, seconds, { w, h, zoom, frameRate }), `s${index}`);
  });
  const total = each * count;
  const graph: Graph = {
    video: true,
    audio: sound !== undefined,
    chains: [
      ...chains,
      ...joinSlides(count, each, overlap, transition),
      ...(sound
        ? [chain([...soundOf(sound), `apad=whole_dur=${num(total)}`, `atrim=duration=${num(total)}`], 'a')]
        : []),
    ],
  };
  return writeGraph(nodeAv, graph, mp4(), 'video', work);
}

function slide(
  name: string,
  seconds: number,
  {
    w,
    h,
    zoom,
    frameRate,
  }: { readonly w: number; readonly h: number; readonly zoom: boolean; readonly frameRate: number },
): readonly string[] {
  const frames = Math.max(1, Math.round(seconds * frameRate));
  const still = [`${stillPicture(name, frameRate)}`, `trim=end_frame=${frames}`];
  // Drawn at twice the size first: the zoom moves by whole pixels, which would show as trembling.
  const moving = [
    `movie=${name}:f=png_pipe`,
    `scale=${w * 2}:${h * 2}`,
    `zoompan=z='1+0.12*on/${frames}':x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)':d=${frames}:s=${w}x${h}:fps=${num(frameRate)}`,
  ];
  return [
    ...(zoom ? moving : still),
    'setsar=1',
    'format=yuv420p',
    `settb=1/${Math.round(frameRate * 1_000)}`,
  ];
}

function joinSlides(count: number, each: number, overlap: number, transition: string): readonly string[] {
  const labels = Array.from({ length: count }, (_, index) => `s${index}`);
  if (count === 1) return [chain(['null'], 'v', 's0')];
  if (overlap === 0) return [chain([`concat=n=${count}:v=1:a=0`], 'v', ...labels)];
  return labels.slice(1).map((label, index) => {
    const last = index === count - 2;
    const fade = `xfade=transition=${transition}:duration=${num(overlap)}:offset=${num(each * (index + 1))}`;
    return chain([fade], last ? 'v' : `j${index}`, index === 0 ? 's0' : `j${index - 1}`, label);
  });
}
