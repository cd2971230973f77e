import { z } from 'zod';
import { audio, audioOut, colour, imageOut, many, seconds, type LocalWork } from './local-work';

const format = z.enum(['mp3', 'wav', 'm4a', 'flac', 'ogg']);
const outFormat = format.default('mp3');

/** Recordings, by the FFmpeg libraries. Out comes MP3 unless said otherwise. */
export const audioWork = {
  'audio:trim': {
    label: 'Trim recording',
    description: 'Keeps a part of a recording.',
    config: z.strictObject({
      startSeconds: seconds.default(0),
      durationSeconds: seconds.min(0.02).optional().describe('To the end unless given.'),
      format: outFormat,
    }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 3,
  },
  'audio:concat': {
    label: 'Join recordings',
    description: 'Plays recordings one after the other, with a pause or a cross-fade between them.',
    config: z.strictObject({
      pauseSeconds: seconds.max(30).default(0),
      crossfadeSeconds: seconds.max(10).default(0).describe('In place of a pause.'),
      format: outFormat,
    }),
    inputs: { audios: many('audio', 'Recordings in order, 50 at most.') },
    outputs: audioOut,
    expectedSeconds: 4,
  },
  'audio:mix': {
    label: 'Mix voice and music',
    description: 'Lays music under a voice, lowering it while the voice speaks.',
    config: z.strictObject({
      voiceVolume: z.number().min(0).max(4).default(1),
      musicVolume: z.number().min(0).max(4).default(0.4),
      duck: z.boolean().default(true).describe('Lower the music while the voice speaks.'),
      tailSeconds: seconds.max(30).default(0).describe('How long the music goes on after the voice.'),
      format: outFormat,
    }),
    inputs: {
      voice: { type: 'audio', required: true, description: 'The voice; it gives the length.' },
      music: {
        type: 'audio',
        required: true,
        description: 'The music; repeated to the length of the voice.',
      },
    },
    outputs: audioOut,
    expectedSeconds: 4,
  },
  'audio:layer': {
    label: 'Layer recordings',
    description: 'Plays recordings at the same time, as loud as each is, limited so that nothing clips.',
    config: z.strictObject({ format: outFormat }),
    inputs: { audios: many('audio', 'Recordings, 16 at most; the longest one gives the length.') },
    outputs: audioOut,
    expectedSeconds: 4,
  },
  'audio:normalise': {
    label: 'Normalise loudness',
    description: 'Brings a recording to a loudness by EBU R128.',
    config: z.strictObject({
      loudness: z
        .number()
        .min(-40)
        .max(-5)
        .default(-16)
        .describe('LUFS; −16 for podcasts, −23 for broadcast.'),
      truePeak: z.number().min(-9).max(0).default(-1.5).describe('dBTP, at most.'),
      format: outFormat,
    }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 4,
  },
  'audio:volume': {
    label: 'Volume',
    description: 'Makes a recording louder or softer by decibels.',
    config: z.strictObject({ decibels: z.number().min(-60).max(30).default(6), format: outFormat }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 3,
  },
  'audio:fade': {
    label: 'Fade recording',
    description: 'Fades a recording in at the start and out at the end.',
    config: z.strictObject({
      inSeconds: seconds.max(60).default(1),
      outSeconds: seconds.max(60).default(1),
      format: outFormat,
    }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 3,
  },
  'audio:convert': {
    label: 'Convert recording',
    description: 'Writes a recording in another format, rate or number of channels.',
    config: z.strictObject({
      format,
      bitRateKbps: z.number().int().min(32).max(320).default(160).describe('MP3, M4A and OGG only.'),
      sampleRate: z
        .literal([16_000, 24_000, 44_100, 48_000])
        .optional()
        .describe('Hz; that of the recording unless given. OGG is always 48,000.'),
      channels: z.literal([1, 2]).optional().describe('As in the recording unless given.'),
    }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 3,
  },
  'audio:speed': {
    label: 'Speed of recording',
    description: 'Plays a recording faster or slower; the pitch stays.',
    config: z.strictObject({ factor: z.number().min(0.5).max(4).default(1.25), format: outFormat }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 3,
  },
  'audio:trim_silence': {
    label: 'Trim silence',
    description: 'Cuts silence off both ends of a recording.',
    config: z.strictObject({
      thresholdDb: z.number().min(-90).max(-10).default(-50).describe('What is softer counts as silence.'),
      format: outFormat,
    }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 3,
  },
  'audio:loop': {
    label: 'Loop recording',
    description: 'Repeats a recording until it has a given length.',
    config: z.strictObject({ durationSeconds: seconds.min(0.1).default(30), format: outFormat }),
    inputs: { audio },
    outputs: audioOut,
    expectedSeconds: 3,
  },
  'audio:silence': {
    label: 'Silence',
    description: 'Makes a silent recording of a given length.',
    config: z.strictObject({ durationSeconds: seconds.min(0.05).max(600).default(1), format: outFormat }),
    inputs: {},
    outputs: audioOut,
    expectedSeconds: 2,
  },
  'audio:waveform': {
    label: 'Waveform picture',
    description: 'Draws the loudness of a recording over time.',
    config: z.strictObject({
      width: z.number().int().min(64).max(4_096).default(1_200),
      height: z.number().int().min(32).max(2_048).default(240),
      color: colour.default('#2f6fed'),
      background: colour.default('#ffffff'),
    }),
    inputs: { audio },
    outputs: imageOut,
    expectedSeconds: 3,
  },
  'audio:info': {
    label: 'Recording facts',
    description: 'Reads length, codec, rate, channels and loudness of a recording.',
    config: z.strictObject({}),
    inputs: { audio },
    outputs: {
      info: {
        type: 'json',
        description: 'durationSeconds, codec, sampleRate, channels, meanDb, peakDb, lufs (EBU R128).',
      },
      durationSeconds: { type: 'number', description: 'Length, seconds.' },
    },
    expectedSeconds: 3,
  },
} as const satisfies Readonly<Record<string, LocalWork>>;

export type AudioWork = keyof typeof audioWork;
