import { z } from 'zod';
import {
  anotherImage,
  audioOut,
  clipSide,
  colour,
  imageOut,
  many,
  optional,
  pictureFormat,
  position,
  seconds,
  share,
  shownText,
  textPort,
  video,
  videoOut,
  type LocalWork,
} from './local-work';

const volume = z.number().min(0).max(4).default(1).describe('Factor.');
const soundFormat = z.enum(['mp3', 'wav', 'm4a', 'flac', 'ogg']);
const transition = z.enum(['none', 'fade', 'dissolve', 'wipeleft', 'slideleft', 'slideup', 'circleopen']);
const transitionSeconds = z.number().min(0.1).max(5).default(0.5);
const music = optional('audio', 'Music, under the voice; repeated to the length of the clip.');
const voice = optional('audio', 'Speech; starts with the clip.');
const duck = z.boolean().default(true).describe('Lower the music while the voice speaks.');
const frameRate = z.number().min(1).max(60);

/** Clips, by the FFmpeg libraries. Out comes H.264 and AAC in MP4 unless said otherwise. */
export const videoWork = {
  'video:trim': {
    label: 'Trim clip',
    description: 'Keeps a part of a clip.',
    config: z.strictObject({
      startSeconds: seconds.default(0),
      durationSeconds: seconds.min(0.04).optional().describe('To the end unless given.'),
    }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 8,
  },
  'video:concat': {
    label: 'Join clips',
    description:
      'Plays clips one after the other, with or without a transition; the first one gives size and rate.',
    config: z.strictObject({ transition: transition.default('none'), transitionSeconds }),
    inputs: { videos: many('video', 'Clips in order, 20 at most; silence where one has no sound.') },
    outputs: videoOut,
    expectedSeconds: 15,
  },
  'video:add_audio': {
    label: 'Add voice and music',
    description: 'Mixes a voice and music into the sound of a clip, lowering the music under the voice.',
    config: z.strictObject({
      clipVolume: volume.default(1),
      voiceVolume: volume.default(1),
      musicVolume: volume.default(0.4),
      duck,
    }),
    inputs: { video, voice, music },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:replace_audio': {
    label: 'Replace sound',
    description: 'Gives a clip another sound in place of its own.',
    config: z.strictObject({
      length: z
        .enum(['video', 'audio', 'shorter'])
        .default('video')
        .describe(
          'Which one decides how long it is; a short sound ends in silence, a short clip holds its last frame.',
        ),
    }),
    inputs: { video, audio: { type: 'audio', required: true, description: 'The new sound.' } },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:mute': {
    label: 'Remove sound',
    description: 'Takes the sound out of a clip.',
    config: z.strictObject({}),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 6,
  },
  'video:extract_audio': {
    label: 'Extract sound',
    description: 'Makes a recording of the sound of a clip.',
    config: z.strictObject({ format: soundFormat.default('mp3') }),
    inputs: { video },
    outputs: audioOut,
    expectedSeconds: 4,
  },
  'video:burn_text': {
    label: 'Text on clip',
    description: 'Writes a text into the picture of a clip for some time.',
    config: z.strictObject({
      text: shownText.optional().describe('Used when no edge brings a text.'),
      startSeconds: seconds.default(0),
      endSeconds: seconds.optional().describe('The end of the clip unless given.'),
      position: position.default('south'),
      sizeShare: z
        .number()
        .min(0.02)
        .max(0.4)
        .default(0.07)
        .describe('Height of the letters, of the picture.'),
      color: colour.default('#ffffff'),
    }),
    inputs: { video, text: textPort },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:burn_subtitles': {
    label: 'Burn subtitles',
    description: 'Writes subtitles of an SRT or WebVTT text into the picture.',
    config: z.strictObject({
      subtitles: z
        .string()
        .min(1)
        .max(500_000)
        .optional()
        .describe('SRT or WebVTT; used when no edge brings it.'),
      sizeShare: z
        .number()
        .min(0.02)
        .max(0.2)
        .default(0.06)
        .describe('Height of the letters, of the picture.'),
      color: colour.default('#ffffff'),
    }),
    inputs: {
      video,
      subtitles: { type: 'text', required: true, orConfig: true, description: 'SRT or WebVTT.' },
    },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:frames': {
    label: 'Frames of a clip',
    description: 'Takes pictures of a clip at equal distances.',
    config: z.strictObject({
      count: z.number().int().min(1).max(25).default(6),
      width: clipSide.optional().describe('Pixels; the size of the clip unless given.'),
      format: pictureFormat.default('jpeg'),
    }),
    inputs: { video },
    outputs: { images: { type: 'json', description: 'List of pictures; utility:pick_image takes one.' } },
    expectedSeconds: 6,
  },
  'video:contact_sheet': {
    label: 'Contact sheet of a clip',
    description: 'Lays frames of a clip, taken at equal distances, out in a grid.',
    config: z.strictObject({
      columns: z.number().int().min(1).max(10).default(4),
      rows: z.number().int().min(1).max(10).default(4),
      cellWidth: clipSide.max(1_280).default(240),
      format: pictureFormat.default('jpeg'),
    }),
    inputs: { video },
    outputs: imageOut,
    expectedSeconds: 6,
  },
  'video:animation': {
    label: 'Clip to GIF or WebP',
    description: 'Makes an animated picture of a part of a clip.',
    config: z.strictObject({
      format: z.enum(['gif', 'webp']).default('gif'),
      startSeconds: seconds.default(0),
      durationSeconds: z.number().min(0.1).max(30).default(5),
      width: clipSide.max(1_280).default(480),
      frameRate: frameRate.max(30).default(12),
    }),
    inputs: { video },
    outputs: imageOut,
    expectedSeconds: 8,
  },
  'video:resize': {
    label: 'Resize clip',
    description: 'Changes the size of a clip: cropped, with a border, over a blurred copy, or distorted.',
    config: z.strictObject({
      width: clipSide.default(1_280),
      height: clipSide.default(720),
      fit: z.enum(['contain', 'cover', 'blur', 'fill']).default('contain'),
      color: colour.default('#000000').describe('Of the border with contain.'),
    }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:crop': {
    label: 'Crop clip',
    description: 'Cuts a rectangle out of the picture of a clip.',
    config: z.strictObject({
      left: z.number().int().min(0).max(8_192).default(0),
      top: z.number().int().min(0).max(8_192).default(0),
      width: clipSide,
      height: clipSide,
    }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 8,
  },
  'video:rotate': {
    label: 'Turn clip',
    description: 'Turns a clip by quarters, or mirrors it.',
    config: z.strictObject({
      degrees: z.literal([0, 90, 180, 270]).default(90).describe('Clockwise.'),
      flip: z.enum(['none', 'horizontal', 'vertical']).default('none'),
    }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 8,
  },
  'video:speed': {
    label: 'Speed of clip',
    description: 'Plays a clip faster or slower; the pitch of its sound stays.',
    config: z.strictObject({ factor: z.number().min(0.1).max(10).default(2) }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:reverse': {
    label: 'Reverse clip',
    description: 'Plays a clip backwards; all its frames must fit into memory.',
    config: z.strictObject({ sound: z.enum(['reverse', 'remove']).default('reverse') }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:boomerang': {
    label: 'Boomerang',
    description: 'Plays a clip forwards and then backwards, without sound: a seamless loop.',
    config: z.strictObject({}),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:fade': {
    label: 'Fade clip',
    description: 'Fades picture and sound in at the start and out at the end.',
    config: z.strictObject({
      inSeconds: seconds.max(60).default(0.5),
      outSeconds: seconds.max(60).default(0.5),
      color: colour.default('#000000'),
    }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:slideshow': {
    label: 'Slideshow',
    description: 'Makes a clip of pictures, with transitions, a slow zoom and a sound.',
    config: z.strictObject({
      width: clipSide.default(1_280),
      height: clipSide.default(720),
      secondsPerImage: z
        .number()
        .min(0.2)
        .max(60)
        .optional()
        .describe('Else the length of the sound is shared out; 3 without sound.'),
      transition: transition.default('fade'),
      transitionSeconds,
      zoom: z.boolean().default(false).describe('Move slowly into each picture.'),
      frameRate: frameRate.default(25),
    }),
    inputs: {
      images: many('image', 'Pictures in order, 50 at most.'),
      audio: optional('audio', 'Sound of the show.'),
    },
    outputs: videoOut,
    expectedSeconds: 15,
  },
  'video:loop': {
    label: 'Loop clip',
    description: 'Repeats a clip until it has a given length.',
    config: z.strictObject({ durationSeconds: seconds.min(0.1).max(600).default(10) }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 12,
  },
  'video:overlay_image': {
    label: 'Picture on clip',
    description: 'Lays a picture, such as a logo, over a clip for some time.',
    config: z.strictObject({
      position: position.default('southeast'),
      widthShare: z.number().min(0.01).max(1).default(0.2).describe('Of the width of the clip.'),
      marginShare: z.number().min(0).max(0.4).default(0.03).describe('Of the width of the clip.'),
      opacity: share.default(1),
      startSeconds: seconds.default(0),
      endSeconds: seconds.optional().describe('The end of the clip unless given.'),
    }),
    inputs: { video, image: anotherImage('The picture on top.') },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:picture_in_picture': {
    label: 'Picture in picture',
    description: 'Shows a second clip small in a corner of the first; the sound is that of the first.',
    config: z.strictObject({
      position: position.default('southeast'),
      widthShare: z.number().min(0.05).max(1).default(0.3).describe('Of the width of the clip.'),
      marginShare: z.number().min(0).max(0.4).default(0.03).describe('Of the width of the clip.'),
    }),
    inputs: {
      video,
      inset: {
        type: 'video',
        required: true,
        description: 'The small clip; its last frame stays when it ends.',
      },
    },
    outputs: videoOut,
    expectedSeconds: 12,
  },
  'video:side_by_side': {
    label: 'Clips side by side',
    description:
      'Shows clips at once, beside or below each other, to compare them; the sound is that of the first.',
    config: z.strictObject({ direction: z.enum(['horizontal', 'vertical']).default('horizontal') }),
    inputs: {
      videos: many('video', 'Clips, 4 at most; the first one gives the size, the longest the length.'),
    },
    outputs: videoOut,
    expectedSeconds: 12,
  },
  'video:adjust': {
    label: 'Adjust clip',
    description: 'Changes brightness, contrast, saturation and gamma of a clip.',
    config: z.strictObject({
      brightness: z.number().min(-1).max(1).default(0).describe('Added; 0 keeps it.'),
      contrast: z.number().min(0).max(3).default(1),
      saturation: z.number().min(0).max(3).default(1).describe('0 is grey.'),
      gamma: z.number().min(0.1).max(5).default(1),
    }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 10,
  },
  'video:convert': {
    label: 'Convert clip',
    description: 'Writes a clip as MP4 (H.264) or WebM (VP9), with another quality or frame rate.',
    config: z.strictObject({
      format: z.enum(['mp4', 'webm']).default('mp4'),
      quality: z.enum(['low', 'medium', 'high']).default('medium'),
      frameRate: frameRate.optional().describe('That of the clip unless given.'),
    }),
    inputs: { video },
    outputs: videoOut,
    expectedSeconds: 20,
  },
} as const satisfies Readonly<Record<string, LocalWork>>;

export type VideoWork = keyof typeof videoWork;
