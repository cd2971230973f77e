import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import {
  AssetMissingError,
  AssetTooLargeError,
  RangeNotSatisfiableError,
  type AssetSource,
  type AssetStore,
  type ByteRange,
  type OpenedAsset,
  type PutOptions,
  type StoredBytes,
  type StoredObject,
  type TempFile,
} from './asset-store';
import { hashFile, writeHashed } from './durable-file';
import { isPath, toChunks } from './asset-source';
import { fromS3, isInvalidRange, isNotFound } from './s3-errors';
import type { S3Settings } from './s3-settings';
import { createTempFolder, type TempFolder } from './temp-folder';

/** Larger files go up in parts; each part is held in memory while it is sent. S3 takes 5 MB to 5 GB. */
const PART_BYTES = 8 * 1024 * 1024;
/** Whatever a user stored, a browser that is led to the bucket itself runs none of it. */
const inert = { ContentType: 'application/octet-stream', ContentDisposition: 'attachment' } as const;

/**
 * Assets in an S3 bucket: `<prefix><account>/<first two digits>/<sha256>`; temp files in a local folder. An object is
 * visible when it is whole: S3 shows neither a part of a put nor an unfinished upload in parts.
 *
 * @param tempRoot - Local folder for downloads and for the inputs and outputs of local work.
 */
export function createS3AssetStore(settings: S3Settings, tempRoot: string): AssetStore {
  const client = new S3Client({
    region: settings.region,
    endpoint: settings.endpoint,
    forcePathStyle: settings.pathStyle,
    credentials: settings.credentials,
    // Stores other than Amazon's know the newer checksums only in part; every body is signed by its SHA-256 anyhow.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return new S3AssetStore(client, settings, createTempFolder(tempRoot));
}

class S3AssetStore implements AssetStore {
  constructor(
    private readonly client: S3Client,
    private readonly settings: Pick<S3Settings, 'bucket' | 'prefix'>,
    private readonly temps: TempFolder,
  ) {}

  createTemp(accountId: string): Promise<TempFile> {
    return this.temps.create(accountId);
  }

  async put(accountId: string, source: AssetSource, options: PutOptions): Promise<StoredBytes> {
    const temp = await this.createTemp(accountId);
    try {
      const owned = isPath(source) && this.temps.owns(accountId, source.path);
      const path = owned ? source.path : temp.path;
      const stored = owned
        ? await hashFile(path, options.maxBytes)
        : await writeHashed(path, toChunks(source), options.maxBytes);
      await this.upload(this.keyOf(accountId, stored.sha256), path, stored.bytes);
      // Moved, as a rename would: the file is not there any more.
      if (owned) await this.temps.remove(path);
      return stored;
    } finally {
      await temp.remove();
    }
  }

  async open(accountId: string, sha256: string, range?: ByteRange): Promise<OpenedAsset> {
    const key = this.keyOf(accountId, sha256);
    const Range = range && `bytes=${range.start}-${range.end ?? ''}`;
    const object = await this.client
      .send(new GetObjectCommand({ Bucket: this.settings.bucket, Key: key, Range }))
      .catch(async (error: unknown) => {
        if (isInvalidRange(error)) throw new RangeNotSatisfiableError(await this.sizeOf(key, sha256));
        throw isNotFound(error) ? new AssetMissingError(sha256) : fromS3(error);
      });
    const totalBytes = Number(object.ContentRange?.split('/')[1] ?? object.ContentLength ?? 0);
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? totalBytes - 1, totalBytes - 1);
    const stream = object.Body instanceof Readable ? object.Body : Readable.from([]);
    return { stream, totalBytes, start, end };
  }

  async read(accountId: string, sha256: string, options: { readonly maxBytes: number }): Promise<Uint8Array> {
    const { stream, totalBytes } = await this.open(accountId, sha256);
    if (totalBytes > options.maxBytes) {
      stream.destroy();
      throw new AssetTooLargeError(options.maxBytes);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async localFile(accountId: string, sha256: string): Promise<TempFile> {
    const { stream, totalBytes } = await this.open(accountId, sha256);
    const temp = await this.createTemp(accountId);
    const copied = await writeHashed(temp.path, stream, totalBytes).catch(async (error: unknown) => {
      await temp.remove();
      throw fromS3(error);
    });
    if (copied.sha256 === sha256) return temp;
    await temp.remove();
    throw new AssetMissingError(sha256);
  }

  async has(accountId: string, sha256: string): Promise<boolean> {
    try {
      await this.sizeOf(this.keyOf(accountId, sha256), sha256);
      return true;
    } catch (error) {
      if (error instanceof AssetMissingError) return false;
      throw error;
    }
  }

  async delete(
    accountId: string,
    sha256: string,
    { storedBeforeMs = Infinity }: { readonly storedBeforeMs?: number } = {},
  ): Promise<boolean> {
    const key = this.keyOf(accountId, sha256);
    const found = await this.head(key).catch((error: unknown) => {
      if (!isNotFound(error)) throw fromS3(error);
    });
    if (!found || (found.LastModified?.getTime() ?? 0) >= storedBeforeMs) return false;
    await this.client
      .send(new DeleteObjectCommand({ Bucket: this.settings.bucket, Key: key }))
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw fromS3(error);
      });
    return true;
  }

  async *stored(): AsyncGenerator<StoredObject> {
    const { bucket: Bucket, prefix: Prefix } = this.settings;
    for (
      let ContinuationToken: string | undefined, more = true;
      more;
      more = ContinuationToken !== undefined
    ) {
      const page = await this.client
        .send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }))
        .catch((error: unknown) => {
          throw fromS3(error);
        });
      for (const { Key = '', LastModified } of page.Contents ?? []) {
        const [accountId, , sha256] = Key.slice(Prefix.length).split('/');
        if (accountId === undefined || sha256 === undefined) continue;
        yield { accountId, sha256, storedAtMs: LastModified?.getTime() ?? 0 };
      }
      ContinuationToken = page.NextContinuationToken;
    }
  }

  async removeStaleTemps(olderThanMs: number): Promise<number> {
    return (await this.temps.removeStale(olderThanMs)) + (await this.abortStaleUploads(olderThanMs));
  }

  /** Parts of an upload that was cut off are paid for until they are given up. */
  private async abortStaleUploads(olderThanMs: number): Promise<number> {
    const { bucket: Bucket, prefix: Prefix } = this.settings;
    const { Uploads: uploads = [] } = await this.client.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix }),
    );
    const stale = uploads.filter(
      ({ Initiated }) => (Initiated?.getTime() ?? Date.now()) < Date.now() - olderThanMs,
    );
    for (const { Key, UploadId } of stale) {
      await this.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
    return stale.length;
  }

  private async upload(key: string, path: string, bytes: number): Promise<void> {
    const file = await open(path, 'r');
    try {
      if (await this.isThere(key, bytes)) return;
      if (bytes > PART_BYTES) await this.uploadInParts(key, file, bytes);
      else await this.uploadWhole(key, file, bytes);
    } catch (error) {
      throw fromS3(error);
    } finally {
      await file.close();
    }
  }

  /** The key is the hash of the bytes: what is there, at its full length, is the same. */
  private async isThere(key: string, bytes: number): Promise<boolean> {
    const size = await this.sizeOf(key, key).catch((error: unknown) => {
      if (error instanceof AssetMissingError) return undefined;
      throw error;
    });
    return size === bytes;
  }

  private async uploadWhole(key: string, file: FileHandle, bytes: number): Promise<void> {
    const Body = await readPart(file, 0, bytes);
    await this.client.send(new PutObjectCommand({ Bucket: this.settings.bucket, Key: key, Body, ...inert }));
  }

  private async uploadInParts(key: string, file: FileHandle, bytes: number): Promise<void> {
    const target = { Bucket: this.settings.bucket, Key: key };
    const { UploadId } = await this.client.send(new CreateMultipartUploadCommand({ ...target, ...inert }));
    try {
      const Parts: CompletedPart[] = [];
      for (let start = 0; start < bytes; start += PART_BYTES) {
        const PartNumber = Parts.length + 1;
        const Body = await readPart(file, start, Math.min(PART_BYTES, bytes - start));
        const { ETag } = await this.client.send(
          new UploadPartCommand({ ...target, UploadId, PartNumber, Body }),
        );
        Parts.push({ ETag, PartNumber });
      }
      await this.client.send(
        new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
      );
    } catch (error) {
      // What is left behind by a store that is away is given up by removeStaleTemps.
      await this.client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
      throw error;
    }
  }

  private async sizeOf(key: string, sha256: string): Promise<number> {
    const { ContentLength = 0 } = await this.head(key).catch((error: unknown) => {
      throw isNotFound(error) ? new AssetMissingError(sha256) : fromS3(error);
    });
    return ContentLength;
  }

  private head(key: string): Promise<HeadObjectCommandOutput> {
    return this.client.send(new HeadObjectCommand({ Bucket: this.settings.bucket, Key: key }));
  }

  private keyOf(accountId: string, sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError('an asset is named by 64 hex digits');
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(accountId)) throw new TypeError('not an account id');
    return `${this.settings.prefix}${accountId}/${sha256.slice(0, 2)}/${sha256}`;
  }
}

async function readPart(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const part = Buffer.alloc(length);
  const { bytesRead } = await file.read(part, 0, length, start);
  if (bytesRead !== length) throw new Error('The file became shorter while it was uploaded.');
  return part;
}
