import type { Composition } from './synthesise';

/** Work that a child process does, since it would block the server for seconds. */
export type MediaTask = VideoTask | ClipTask | SpeechTask | SoundTask | VoiceTask | MeasureTask;

/** 8-bit RGB. Sides even. */
export interface RawPicture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Where the camera looks, as shares of the picture. */
interface Look {
  readonly x: number;
  readonly y: number;
  readonly share: number;
}

/** What is heard with a clip: the sound of a given file, or one that is made for its length. */
export type Soundtrack =
  | { readonly kind: 'given'; readonly bytes: Uint8Array }
  | { readonly kind: 'made'; readonly prompt: string; readonly seed: number };

/** A clip that travels over a picture, from the first look to the last, and fades into a second one if there is one. */
export interface VideoTask {
  readonly kind: 'video';
  readonly picture: RawPicture;
  /** Of the same size. */
  readonly endPicture?: RawPicture;
  /** Pixels of the clip, even. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** Undefined: as long as the given sound. */
  readonly frames?: number;
  readonly from: Look;
  readonly to: Look;
  readonly sound?: Soundtrack;
}

/** A given clip, made anew: another size, longer, without its background, or with another sound. */
export interface ClipTask {
  readonly kind: 'clip';
  readonly clip: Uint8Array;
  readonly frameRate: number;
  /** Both sides times this. */
  readonly scale?: number;
  /** Pixels of the short side; in place of `scale`. */
  readonly lines?: number;
  /** Its last frame goes on for so long. */
  readonly tailSeconds?: number;
  /** Leaves only what is before its background, on green. */
  readonly isCutOut?: boolean;
  /** Undefined keeps the clip's own sound. */
  readonly sound?: Soundtrack;
}

export interface SpeechTask {
  readonly kind: 'speech';
  readonly lines: readonly {
    readonly text: string;
    /** eSpeak voice, such as `en+f2`. */
    readonly voice: string;
    /** Words per minute. */
    readonly wordsPerMinute: number;
    /** 0–99. */
    readonly pitch: number;
  }[];
  readonly encoding?: SoundEncoding;
}

/** A sound or a piece of music; as long as a given file where there is one. */
export interface SoundTask {
  readonly kind: 'sound';
  readonly composition: Composition;
  readonly lengthOf?: Uint8Array;
  readonly encoding?: SoundEncoding;
}

/** A given recording in another pitch. */
export interface VoiceTask {
  readonly kind: 'voice';
  readonly sound: Uint8Array;
  /** 1 leaves the voice as it is. */
  readonly pitch: number;
  readonly encoding?: SoundEncoding;
}

/** How long a given file plays. */
export interface MeasureTask {
  readonly kind: 'measure';
  readonly file: Uint8Array;
}

/** The encoder and container of node-av; undefined leaves WAV. */
export interface SoundEncoding {
  readonly codec: 'libmp3lame' | 'libopus' | 'aac' | 'flac';
  readonly container: string;
}

export interface MediaResult {
  readonly bytes: Uint8Array;
  readonly durationSeconds: number;
  readonly width?: number;
  readonly height?: number;
}

export type MediaReply = { readonly result: MediaResult } | { readonly error: string };
