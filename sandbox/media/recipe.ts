/** What a model is asked to make, in one form for all providers. Sources are http(s) URLs or data URIs. */
export type Recipe =
  | PictureRecipe
  | VectorRecipe
  | UpscaleRecipe
  | CutoutRecipe
  | VideoRecipe
  | ClipRecipe
  | SpeechRecipe
  | SoundRecipe
  | VoiceRecipe
  | TranscriptRecipe
  | AnswerRecipe;

export type PictureFormat = 'png' | 'jpeg' | 'webp';

export interface PictureRecipe {
  readonly kind: 'picture';
  readonly prompt: string;
  readonly seed: number;
  /** Pixels; those of the first source unless given. */
  readonly width?: number;
  readonly height?: number;
  readonly format: PictureFormat;
  /** Who made it; stands small beside the caption, so that a result served by another model shows. */
  readonly label: string;
  /** Present for edits: the first one is the canvas. */
  readonly sources?: readonly string[];
  /** How the new scene and the canvas come together; without it the canvas takes on the prompt's colours. */
  readonly rework?: Rework;
}

/**
 * `fill`: the scene shows where the mask is white (without a mask: in the middle). `extend`: the canvas lies in the
 * scene, which goes on around it by so many pixels. `background`: the subject of the canvas stands before the scene.
 * `erase`: what the mask marks is healed over from around it, and nothing new appears.
 */
export type Rework =
  | { readonly kind: 'fill' | 'erase'; readonly mask?: string }
  | { readonly kind: 'extend'; readonly margins: Margins }
  | { readonly kind: 'background' };

/** Pixels. */
export type Margins = Readonly<Record<'left' | 'right' | 'up' | 'down', number>>;

/** A picture of paths: from a prompt, or traced from a given picture. */
export interface VectorRecipe {
  readonly kind: 'vector';
  readonly prompt: string;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  readonly source?: string;
}

export interface UpscaleRecipe {
  readonly kind: 'upscale';
  readonly source: string;
  /** Long side of the result = factor × long side of the source. */
  readonly factor: number;
  /** Instead of the factor: about so many pixels, at least as many as the source has. */
  readonly pixels?: number;
  readonly format: PictureFormat;
}

export interface CutoutRecipe {
  readonly kind: 'cutout';
  readonly source: string;
  readonly format: 'png' | 'webp';
}

/** A clip that moves over a picture. */
export interface VideoRecipe {
  readonly kind: 'video';
  readonly prompt: string;
  readonly seed: number;
  readonly label: string;
  /** The picture that the camera moves over; without one a picture is made from the prompt. */
  readonly source?: string;
  /** The picture that the clip ends with. */
  readonly end?: string;
  /** Undefined: as long as `audio`. */
  readonly seconds?: number;
  /** Width : height when there is no source, or it is to be cropped. */
  readonly aspect?: number;
  /** Pixels of the short side; about 540 unless given. */
  readonly lines?: number;
  /** What is heard: a given recording, or sounds that fit the prompt. */
  readonly audio?: string;
  readonly hasAmbience?: boolean;
}

/** A given clip, made anew. */
export interface ClipRecipe {
  readonly kind: 'clip';
  readonly source: string;
  readonly prompt: string;
  readonly seed: number;
  /** Both sides times this. */
  readonly scale?: number;
  /** Pixels of the short side; in place of `scale`. */
  readonly lines?: number;
  /** Seconds that follow. */
  readonly tailSeconds?: number;
  readonly isCutOut?: boolean;
  readonly audio?: string;
  /** Sounds that fit the prompt take the place of its own. */
  readonly hasAmbience?: boolean;
}

export type SoundFormat = 'mp3' | 'wav' | 'pcm' | 'opus' | 'aac' | 'flac';

export interface SpokenLine {
  readonly text: string;
  readonly voice: string;
}

export interface SpeechRecipe {
  readonly kind: 'speech';
  /** One line is a plain text, more are a dialogue. */
  readonly lines: readonly SpokenLine[];
  /** 1 is normal. */
  readonly speed: number;
  readonly format: SoundFormat;
}

/** A sound effect or a piece of music. */
export interface SoundRecipe {
  readonly kind: 'sound';
  readonly style: 'effect' | 'music';
  readonly prompt: string;
  readonly seed: number;
  readonly seconds: number;
  /** As long as this clip, in place of `seconds`. */
  readonly source?: string;
  readonly format: SoundFormat;
}

/** A given recording in another voice, or cleaned: what is said and when stays. */
export interface VoiceRecipe {
  readonly kind: 'voice';
  readonly source: string;
  /** Undefined leaves the voice as it is. */
  readonly voice?: string;
  readonly format: SoundFormat;
}

/** What is said in a recording: JSON of `Transcript`. */
export interface TranscriptRecipe {
  readonly kind: 'transcript';
  readonly source: string;
}

/** Seconds from the beginning. */
export interface Transcript {
  readonly text: string;
  readonly durationSeconds: number;
  readonly words: readonly { readonly text: string; readonly start: number; readonly end: number }[];
}

export interface AnswerRecipe {
  readonly kind: 'answer';
  readonly instruction: string;
  readonly text: string;
  readonly seed: number;
  readonly images: readonly string[];
  /** JSON Schema that the answer must fit. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Any JSON object will do. */
  readonly json?: boolean;
}

/** Bytes that were made, and what is true of them. */
export interface Made {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly extension: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationSeconds?: number;
}

/** The given file could not be read: a fault of the caller's input, not of the sandbox. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  constructor(
    readonly source: string,
    readonly reason: 'download' | 'decode',
    message: string,
  ) {
    super(message);
  }
}
