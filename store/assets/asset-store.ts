import type { Readable } from 'node:stream';

/** Bytes by account and SHA-256; what they are called and what type they have is in the database. */
export interface AssetStore {
  /** A path for a download or for the output of local work; give it to `put` as `{path}`, then `remove`. */
  createTemp(accountId: string): Promise<TempFile>;
  /**
   * Stores bytes durably: once it resolves they survive a power cut, and no reader ever sees a part of them.
   * The same bytes again are stored once. A `{path}` of `createTemp` is moved, any other is copied.
   * @throws AssetTooLargeError, AssetStoreUnavailableError (disk full, I/O: worth a retry)
   */
  put(accountId: string, source: AssetSource, options: PutOptions): Promise<StoredBytes>;
  /** @throws AssetMissingError, RangeNotSatisfiableError */
  open(accountId: string, sha256: string, range?: ByteRange): Promise<OpenedAsset>;
  /** The whole of a small asset. @throws AssetTooLargeError, AssetMissingError */
  read(accountId: string, sha256: string, options: { readonly maxBytes: number }): Promise<Uint8Array>;
  /** File of local work's inputs: a local disk gives its own file (read-only for the caller), others a copy in temp. @throws AssetMissingError */
  localFile(accountId: string, sha256: string): Promise<TempFile>;
  has(accountId: string, sha256: string): Promise<boolean>;
  /**
   * Idempotent.
   * @param options.storedBeforeMs - Leaves bytes that were put at this moment or later.
   * @returns whether something was removed
   */
  delete(accountId: string, sha256: string, options?: { readonly storedBeforeMs: number }): Promise<boolean>;
  /** Everything that is stored, in no order; what comes or goes meanwhile may be missed. */
  stored(): AsyncIterable<StoredObject>;
  /** Removes temp files that no living call can own any more. @returns how many */
  removeStaleTemps(olderThanMs: number): Promise<number>;
}

export type AssetSource = Uint8Array | AsyncIterable<Uint8Array> | { readonly path: string };

export interface PutOptions {
  readonly mimeType: string;
  readonly maxBytes: number;
}

export interface StoredBytes {
  /** Hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface StoredObject {
  readonly accountId: string;
  readonly sha256: string;
  /** When these bytes were put, the last time; milliseconds since 1970. */
  readonly storedAtMs: number;
}

export interface TempFile {
  readonly path: string;
  /** Idempotent; also after the file was moved. */
  remove(): Promise<void>;
}

/** Both ends included, as in HTTP; `end` beyond the last byte is cut. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface OpenedAsset {
  readonly stream: Readable;
  readonly totalBytes: number;
  /** What the stream gives, both ends included. */
  readonly start: number;
  readonly end: number;
}

export class AssetTooLargeError extends Error {
  override readonly name = 'AssetTooLargeError';
  constructor(readonly maxBytes: number) {
    super(`the file is larger than the limit of ${maxBytes} bytes`);
  }
}

export class AssetMissingError extends Error {
  override readonly name = 'AssetMissingError';
  constructor(readonly sha256: string) {
    super(`the bytes with sha256 ${sha256} are not in the asset store`);
  }
}

export class RangeNotSatisfiableError extends Error {
  override readonly name = 'RangeNotSatisfiableError';
  constructor(readonly totalBytes: number) {
    super(`the range begins beyond the ${totalBytes} bytes of the file`);
  }
}

/** The disk or the object store refused; nothing was stored. */
export class AssetStoreUnavailableError extends Error {
  override readonly name = 'AssetStoreUnavailableError';
}
