/** Work that a child process does, since it would block the server for seconds. */
export type MediaTask = VideoTask | SpeechTask;

export interface VideoTask {
  readonly kind: 'video';
  /** 8-bit RGB. Sides even. */
  readonly picture: { readonly rgb: Uint8Array; readonly width: number; readonly height: number };
  /** Pixels of the clip, even. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly frames: number;
  /** The camera goes from the first view to the last, as shares of the picture. */
  readonly from: { readonly x: number; readonly y: number; readonly share: number };
  readonly to: { readonly x: number; readonly y: number; readonly share: number };
}

export interface SpeechTask {
  readonly kind: 'speech';
  readonly text: string;
  /** eSpeak voice, such as `en+f2`. */
  readonly voice: string;
  /** Words per minute. */
  readonly wordsPerMinute: number;
  /** 0–99. */
  readonly pitch: number;
  /** The encoder and container of node-av; undefined leaves WAV. */
  readonly encoding?: {
    readonly codec: 'libmp3lame' | 'libopus' | 'aac' | 'flac';
    readonly container: string;
  };
}

export interface MediaResult {
  readonly bytes: Uint8Array;
  readonly durationSeconds: number;
}

export type MediaReply = { readonly result: MediaResult } | { readonly error: string };
