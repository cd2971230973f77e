/** What a model is asked to make, in one form for all providers. Sources are http(s) URLs or data URIs. */
export type Recipe = PictureRecipe | UpscaleRecipe | CutoutRecipe | VideoRecipe | SpeechRecipe | AnswerRecipe;

export type PictureFormat = 'png' | 'jpeg' | 'webp';

export interface PictureRecipe {
  readonly kind: 'picture';
  readonly prompt: string;
  readonly seed: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly format: PictureFormat;
  /** Who made it; stands small beside the caption, so that a result served by another model shows. */
  readonly label: string;
  /** Present for edits: the first one is the canvas. */
  readonly sources?: readonly string[];
}

export interface UpscaleRecipe {
  readonly kind: 'upscale';
  readonly source: string;
  /** Long side of the result = factor × long side of the source. */
  readonly factor: number;
  readonly format: PictureFormat;
}

export interface CutoutRecipe {
  readonly kind: 'cutout';
  readonly source: string;
  readonly format: 'png' | 'webp';
}

export interface VideoRecipe {
  readonly kind: 'video';
  readonly prompt: string;
  readonly seed: number;
  readonly label: string;
  /** The picture that the camera moves over; without one a picture is made from the prompt. */
  readonly source?: string;
  readonly seconds: number;
  /** Width : height when there is no source. */
  readonly aspect: number;
}

export interface SpeechRecipe {
  readonly kind: 'speech';
  readonly text: string;
  readonly voice: string;
  /** 1 is normal. */
  readonly speed: number;
  readonly format: 'mp3' | 'wav' | 'pcm' | 'opus' | 'aac' | 'flac';
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
