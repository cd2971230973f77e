import type { WorkConfig } from '../../../pipeline/nodes/local/local-work';
import type { videoWork, VideoWork } from '../../../pipeline/nodes/local/video-work';
import { MediaError } from '../../../store/assets/media/media-error';
import {
  chain,
  contain,
  cover,
  during,
  even,
  hex,
  loopedSound,
  num,
  overlayPlace,
  pictureOf,
  soundOf,
  tempo,
  turn,
} from './graph';
import { gif, mp4, webm, webpAnimation, type Container, type Graph } from './run-graph';
import type { Source } from './source';

/** Clips and recordings by port, pictures by the names under which they lie in the folder. */
export interface Sources {
  readonly of: (port: string) => readonly Source[];
  readonly pictures: (port: string) => readonly string[];
}

export type GraphBuilder<Config> = (
  config: Config,
  clip: Source,
  sources: Sources,
) => Graph & { readonly container?: Container };

type Config<Name extends VideoWork> = WorkConfig<typeof videoWork, Name>;

/** A clip changed in picture, with its sound as it is. */
function repainted(clip: Source, filters: readonly string[]): Graph {
  return {
    video: true,
    chains: [chain([...pictureOf(clip), ...filters], 'v'), ...ownSound(clip).chains],
    audio: clip.hasAudio,
  };
}

function ownSound(clip: Source, filters: readonly string[] = []): Pick<Graph, 'chains' | 'audio'> {
  if (!clip.hasAudio) return { chains: [], audio: false };
  return { chains: [chain([...soundOf(clip), ...filters], 'a')], audio: true };
}

/** One graph for each kind of work that gives a clip. The first clip of the node is `clip`. */
export const videoGraphs = {
  'video:trim': ({ startSeconds, durationSeconds }, clip) => {
    const length = durationSeconds === undefined ? '' : `:duration=${num(durationSeconds)}`;
    const part = `start=${num(startSeconds)}${length}`;
    const sound = ownSound(clip, [`atrim=${part}`, 'asetpts=PTS-STARTPTS']);
    return {
      video: true,
      audio: sound.audio,
      chains: [chain([...pictureOf(clip), `trim=${part}`, 'setpts=PTS-STARTPTS'], 'v'), ...sound.chains],
    };
  },
  'video:concat': ({ transition, transitionSeconds }, clip, { of }) =>
    transition === 'none'
      ? concatenated(of('videos'), clip)
      : crossFaded(of('videos'), clip, transition, transitionSeconds),
  'video:add_audio': (config, clip, { of }) => {
    const { clipVolume, voiceVolume, musicVolume, duck } = config;
    const length = clip.durationSeconds;
    const [voice] = of('voice');
    const [music] = of('music');
    const toLength = [`apad=whole_dur=${num(length)}`, `atrim=duration=${num(length)}`];
    const chains = [
      chain(pictureOf(clip), 'v'),
      chain([...soundOf(clip), `volume=${num(clipVolume)}`, ...toLength], 'own'),
    ];
    const mixed = ['own'];
    if (voice) {
      chains.push(chain([...soundOf(voice), `volume=${num(voiceVolume)}`, ...toLength], 'voice'));
      mixed.push('voice');
    }
    if (music) {
      chains.push(chain([...loopedSound(music, length), `volume=${num(musicVolume)}`], 'music'));
      mixed.push('music');
    }
    return { video: true, audio: true, chains: [...chains, ...mixDown(mixed, duck)] };
  },
  'video:replace_audio': ({ length }, clip, { of }) => {
    const [sound] = of('audio');
    if (!sound) throw new MediaError('unsupported', 'There is no sound to put in.');
    const lengths = {
      video: clip.durationSeconds,
      audio: sound.durationSeconds,
      shorter: Math.min(clip.durationSeconds, sound.durationSeconds),
    };
    const seconds = num(lengths[length]);
    const held = `tpad=stop_mode=clone:stop_duration=${seconds}`;
    return {
      video: true,
      audio: true,
      chains: [
        chain([...pictureOf(clip), held, `trim=duration=${seconds}`], 'v'),
        chain([...soundOf(sound), `apad=whole_dur=${seconds}`, `atrim=duration=${seconds}`], 'a'),
      ],
    };
  },
  'video:mute': (_config, clip) => ({ video: true, chains: [chain(pictureOf(clip), 'v')] }),
  'video:burn_text': (_config, clip) => repainted(clip, [burnedCues]),
  'video:burn_subtitles': (_config, clip) => repainted(clip, [burnedCues]),
  'video:animation': ({ format, startSeconds, durationSeconds, width, frameRate }, clip) => {
    const part = `trim=start=${num(startSeconds)}:duration=${num(durationSeconds)}`;
    const scaled = `scale='min(${width},iw)':-2:flags=lanczos`;
    const picture = [...pictureOf(clip), part, 'setpts=PTS-STARTPTS', `fps=${num(frameRate)}`, scaled];
    if (format === 'webp') return { video: true, chains: [chain(picture, 'v')], container: webpAnimation };
    return {
      video: true,
      container: gif,
      chains: [
        chain([...picture, 'split'], 'p][q'),
        chain(['palettegen=stats_mode=diff'], 'palette', 'p'),
        chain(['paletteuse=dither=bayer:bayer_scale=3'], 'v', 'q', 'palette'),
      ],
    };
  },
  'video:resize': ({ width, height, fit, color }, clip) => {
    const [w, h] = [even(width), even(height)];
    if (fit === 'blur') return blurred(clip, w, h);
    const filters = {
      contain: contain(w, h, color),
      cover: cover(w, h),
      fill: [`scale=${w}:${h}`, 'setsar=1'],
    };
    return repainted(clip, filters[fit]);
  },
  'video:crop': ({ left, top, width, height }, clip) => {
    if (left + width > clip.width || top + height > clip.height) {
      throw new MediaError(
        'unsupported',
        `The crop ${width} × ${height} at ${left}, ${top} reaches outside the clip of ${clip.width} × ${clip.height}.`,
      );
    }
    return repainted(clip, [`crop=${width}:${height}:${left}:${top}`]);
  },
  'video:rotate': ({ degrees, flip }, clip) => {
    const mirror = { none: [], horizontal: ['hflip'], vertical: ['vflip'] }[flip];
    return repainted(clip, [...turn(degrees), ...mirror]);
  },
  'video:speed': ({ factor }, clip) => {
    const sound = ownSound(clip, tempo(factor));
    const picture = [...pictureOf(clip), `setpts=PTS/${num(factor)}`, `fps=${num(clip.frameRate)}`];
    return { video: true, audio: sound.audio, chains: [chain(picture, 'v'), ...sound.chains] };
  },
  'video:reverse': ({ sound: wanted }, clip) => {
    assertReversible(clip);
    const sound = wanted === 'reverse' ? ownSound(clip, ['areverse']) : { chains: [], audio: false };
    return {
      video: true,
      audio: sound.audio,
      chains: [chain([...pictureOf(clip), 'reverse'], 'v'), ...sound.chains],
    };
  },
  'video:boomerang': (_config, clip) => {
    assertReversible(clip);
    return {
      video: true,
      chains: [
        chain([...pictureOf(clip), 'split'], 'there][copy'),
        chain(['reverse'], 'back', 'copy'),
        chain(['concat=n=2:v=1:a=0'], 'v', 'there', 'back'),
      ],
    };
  },
  'video:fade': ({ inSeconds, outSeconds, color }, clip) => {
    const outAt = num(Math.max(0, clip.durationSeconds - outSeconds));
    const picture = [
      ...(inSeconds > 0 ? [`fade=t=in:st=0:d=${num(inSeconds)}:color=${hex(color)}`] : []),
      ...(outSeconds > 0 ? [`fade=t=out:st=${outAt}:d=${num(outSeconds)}:color=${hex(color)}`] : []),
    ];
    const sound = ownSound(clip, [
      ...(inSeconds > 0 ? [`afade=t=in:st=0:d=${num(inSeconds)}`] : []),
      ...(outSeconds > 0 ? [`afade=t=out:st=${outAt}:d=${num(outSeconds)}`] : []),
    ]);
    return {
      video: true,
      audio: sound.audio,
      chains: [chain([...pictureOf(clip), ...picture], 'v'), ...sound.chains],
    };
  },
  'video:loop': ({ durationSeconds }, clip) => {
    const movie = `movie=${clip.name}:f=${clip.format}:s=dv:loop=0`;
    const rate = num(clip.frameRate);
    const picture = [
      movie,
      `setpts=N/${rate}/TB`,
      `fps=${rate}`,
      ...turn(clip.degrees),
      'setsar=1',
      `trim=duration=${num(durationSeconds)}`,
    ];
    const sound = clip.hasAudio ? [chain(loopedSound(clip, durationSeconds), 'a')] : [];
    return { video: true, audio: clip.hasAudio, chains: [chain(picture, 'v'), ...sound] };
  },
  'video:overlay_image': (config, clip, { pictures }) => {
    const { position, marginShare, startSeconds, endSeconds } = config;
    const [mark] = pictures('image');
    if (mark === undefined) throw new MediaError('unsupported', 'There is no picture to lay over the clip.');
    const margin = Math.round(clip.width * marginShare);
    const sound = ownSound(clip);
    return {
      video: true,
      audio: sound.audio,
      chains: [
        chain(pictureOf(clip), 'ground'),
        chain([stillPicture(mark, clip.frameRate)], 'mark'),
        chain(
          [
            `overlay=${overlayPlace(position, margin)}:shortest=1:format=auto:${during(startSeconds, endSeconds)}`,
          ],
          'v',
          ...['ground', 'mark'],
        ),
        ...sound.chains,
      ],
    };
  },
  'video:picture_in_picture': ({ position, widthShare, marginShare }, clip, { of }) => {
    const [inset] = of('inset');
    if (!inset) throw new MediaError('unsupported', 'There is no second clip.');
    const width = even(clip.width * widthShare);
    const sound = ownSound(clip);
    const place = overlayPlace(position, Math.round(clip.width * marginShare));
    return {
      video: true,
      audio: sound.audio,
      chains: [
        chain(pictureOf(clip), 'ground'),
        chain([...pictureOf(inset, clip.frameRate), `scale=${width}:-2`, 'setsar=1'], 'inset'),
        chain(
          [`overlay=${place}:eof_action=repeat`, `trim=duration=${num(clip.durationSeconds)}`],
          'v',
          'ground',
          'inset',
        ),
        ...sound.chains,
      ],
    };
  },
  'video:side_by_side': ({ direction }, clip, { of }) => {
    const clips = of('videos');
    const longest = Math.max(...clips.map(({ durationSeconds }) => durationSeconds));
    const [w, h] = [even(clip.width), even(clip.height)];
    const sound = ownSound(clip);
    const shown = clips.map((each, index) =>
      chain(
        [
          ...pictureOf(each, clip.frameRate),
          ...contain(w, h),
          `tpad=stop_mode=clone:stop_duration=${num(longest)}`,
          `trim=duration=${num(longest)}`,
        ],
        `v${index}`,
      ),
    );
    const labels = clips.map((_, index) => `v${index}`);
    const stack =
      clips.length === 1
        ? ['null']
        : [`${direction === 'horizontal' ? 'hstack' : 'vstack'}=inputs=${clips.length}`];
    return {
      video: true,
      audio: sound.audio,
      chains: [...shown, chain(stack, 'v', ...labels), ...sound.chains],
    };
  },
  'video:adjust': ({ brightness, contrast, saturation, gamma }, clip) =>
    repainted(clip, [
      'format=yuv420p',
      `eq=brightness=${num(brightness)}:contrast=${num(contrast)}:saturation=${num(saturation)}:gamma=${num(gamma)}`,
    ]),
  'video:convert': ({ format, quality, frameRate }, clip) => {
    const sound = ownSound(clip);
    const container =
      format === 'mp4'
        ? mp4({ low: 28, medium: 22, high: 17 }[quality])
        : webm({ low: 42, medium: 34, high: 24 }[quality]);
    return {
      video: true,
      audio: sound.audio,
      container,
      chains: [chain(pictureOf(clip, frameRate ?? clip.frameRate), 'v'), ...sound.chains],
    };
  },
} as const satisfies { readonly [Name in VideoWork]?: GraphBuilder<Config<Name>> };

/** libass is given our own script and our own font only. */
const burnedCues = 'ass=filename=cues.ass:fontsdir=fonts';

/** A PNG of the folder, shown for ever. */
export function stillPicture(name: string, frameRate: number): string {
  return `movie=${name}:f=png_pipe:loop=0,setpts=N/${num(frameRate)}/TB,fps=${num(frameRate)},format=rgba`;
}

function blurred(clip: Source, width: number, height: number): Graph {
  const sound = ownSound(clip);
  return {
    video: true,
    audio: sound.audio,
    chains: [
      chain([...pictureOf(clip), 'split'], 'one][two'),
      chain([...cover(width, height), `gblur=sigma=${Math.max(4, Math.round(width / 40))}`], 'ground', 'one'),
      chain([`scale=${width}:${height}:force_original_aspect_ratio=decrease`], 'front', 'two'),
      chain(['overlay=(W-w)/2:(H-h)/2', 'setsar=1'], 'v', 'ground', 'front'),
      ...sound.chains,
    ],
  };
}

/** All frames are held at once, 1.5 bytes a pixel. */
function assertReversible({ width, height, durationSeconds, frameRate }: Source): void {
  const bytes = width * height * 1.5 * durationSeconds * frameRate;
  const limit = 1.2e9;
  if (bytes <= limit) return;
  const seconds = Math.floor((limit / bytes) * durationSeconds);
  throw new MediaError(
    'too_large',
    `The clip is too long to be played backwards at ${width} × ${height}: ${seconds} s at most. Trim or resize it before.`,
  );
}

function concatenated(clips: readonly Source[], first: Source): Graph {
  const audio = clips.some(({ hasAudio }) => hasAudio);
  const [w, h] = [even(first.width), even(first.height)];
  const chains = clips.flatMap((clip, index) => [
    chain([...pictureOf(clip, first.frameRate), ...contain(w, h), 'format=yuv420p'], `v${index}`),
    ...(audio ? [chain(soundOf(clip), `a${index}`)] : []),
  ]);
  const labels = clips.flatMap((_, index) => [`v${index}`, ...(audio ? [`a${index}`] : [])]);
  const joined = `concat=n=${clips.length}:v=1:a=${audio ? 1 : 0}`;
  return { video: true, audio, chains: [...chains, chain([joined], audio ? 'v][a' : 'v', ...labels)] };
}

/** Each clip begins while the one before it ends. */
function crossFaded(clips: readonly Source[], first: Source, transition: string, wanted: number): Graph {
  const shortest = Math.min(...clips.map(({ durationSeconds }) => durationSeconds));
  const overlap = Math.min(wanted, shortest / 2);
  const [w, h] = [even(first.width), even(first.height)];
  const audio = clips.some(({ hasAudio }) => hasAudio);
  const chains = clips.flatMap((clip, index) => [
    chain([...pictureOf(clip, first.frameRate), ...contain(w, h), 'format=yuv420p'], `v${index}`),
    ...(audio
      ? [
          chain(
            [
              ...soundOf(clip),
              `apad=whole_dur=${num(clip.durationSeconds)}`,
              `atrim=duration=${num(clip.durationSeconds)}`,
            ],
            `a${index}`,
          ),
        ]
      : []),
  ]);
  let shown = 0;
  for (let index = 1; index < clips.length; index += 1) {
    shown += (clips[index - 1]?.durationSeconds ?? 0) - overlap;
    const last = index === clips.length - 1;
    const before = index === 1 ? '0' : `x${index - 1}`;
    const fade = `xfade=transition=${transition}:duration=${num(overlap)}:offset=${num(shown)}`;
    chains.push(chain([fade], last ? 'v' : `vx${index}`, `v${before}`, `v${index}`));
    if (audio)
      chains.push(
        chain([`acrossfade=d=${num(overlap)}`], last ? 'a' : `ax${index}`, `a${before}`, `a${index}`),
      );
  }
  if (clips.length === 1)
    chains.push(chain(['null'], 'v', 'v0'), ...(audio ? [chain(['anull'], 'a', 'a0')] : []));
  return { video: true, audio, chains };
}

/** Sounds at once, limited; the music steps back while the voice speaks. */
export function mixDown(labels: readonly string[], duck: boolean): readonly string[] {
  const isDucked = duck && labels.includes('voice') && labels.includes('music');
  const ducking = isDucked
    ? [
        chain(['asplit'], 'said][key', 'voice'),
        chain(['sidechaincompress=threshold=0.03:ratio=8:attack=20:release=400'], 'low', 'music', 'key'),
      ]
    : [];
  const heard = labels.map((label) => (isDucked ? ({ voice: 'said', music: 'low' }[label] ?? label) : label));
  const mix = [`amix=inputs=${heard.length}:duration=longest:normalize=0`, 'alimiter=limit=0.97:level=0'];
  return [...ducking, chain(mix, 'a', ...heard)];
}
