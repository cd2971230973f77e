import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  UnexpectedReplyError,
  valueType,
  type NodeDefinition,
  type OutputItem,
} from '../pipeline/node-definition';
import { AssetStoreUnavailableError, AssetTooLargeError, type TempFile } from '../store/assets/asset-store';
import { ASSET_BYTES_MAX } from '../store/assets/media/asset-limits';
import { failpoint } from '../store/failpoints';
import {
  INLINE_VALUE_BYTES_MAX,
  type AssetReference,
  type NodeOutputs,
  type PortType,
  type PortValue,
} from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { FetchFailure } from './fetch/fetch-failure';
import { MediaError } from '../store/assets/media/media-error';
import type { MediaProbe } from '../store/assets/media/media-probe';
import { probeMedia } from './media/probe-media';
import { sniffFile } from '../store/assets/media/sniff-file';
import { toMediaFailure } from './to-media-failure';
import { StepError } from './to-application-failure';

const DOWNLOAD_TIMEOUT_MS = 10 * 60 * 1_000;

type MediaType = Extract<PortType, 'image' | 'video' | 'audio' | 'file'>;

export interface OutputSource {
  readonly accountId: string;
  readonly nodeId: string;
  /** Exact origins of the provider, which may be private; none for what a user gave. */
  readonly privateOrigins: readonly string[];
  readonly signal: AbortSignal;
  readonly jobId?: string;
}

type StoreDependencies = Pick<ActivityDependencies, 'assetStore' | 'registerAsset' | 'guardedFetch'>;

/**
 * Stores what a node gave: bytes first (hashed, synced), then their rows. Only references and short values come back.
 * Nothing goes downstream that is not by its own bytes of the type that the port declares.
 *
 * @throws UnexpectedReplyError when an output is missing or of another type; StepError when it cannot be had or stored.
 */
export async function storeOutputs(
  deps: StoreDependencies,
  definition: NodeDefinition,
  items: Readonly<Record<string, OutputItem>>,
  source: OutputSource,
): Promise<NodeOutputs> {
  const outputs: Record<string, PortValue> = {};
  for (const [port, item] of Object.entries(items)) {
    const declared = definition.outputs[port];
    if (!declared) throw new UnexpectedReplyError(`${definition.type} has no output "${port}".`);
    outputs[port] = await storeOutput(deps, valueType(declared.type), item, source);
  }
  return outputs;
}

async function storeOutput(
  deps: StoreDependencies,
  type: PortType,
  item: OutputItem,
  source: OutputSource,
): Promise<PortValue> {
  if (isMediaType(type)) return storeMedia(deps, type, item, source);
  if (item.kind !== 'value') throw new UnexpectedReplyError(`A ${type} output came as a file.`);
  return storeValue(deps, type, item.value, source);
}

/** Short values stay inline; a long text or JSON becomes an asset. */
export async function storeValue(
  deps: Omit<StoreDependencies, 'guardedFetch'>,
  type: PortType,
  value: PortValue,
  source: Pick<OutputSource, 'accountId' | 'jobId'>,
): Promise<PortValue> {
  assertValueType(type, value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= INLINE_VALUE_BYTES_MAX) return value;
  const assetType = type === 'text' ? 'text' : 'json';
  const mimeType = type === 'text' ? 'text/plain; charset=utf-8' : 'application/json';
  const stored = await put(deps, source.accountId, bytes, mimeType, ASSET_BYTES_MAX[assetType]);
  const { accountId, jobId: sourceJobId } = source;
  return deps.registerAsset({ accountId, ...stored, type: assetType, mimeType, sourceJobId });
}

function assertValueType(type: PortType, value: PortValue): void {
  const expected = { text: 'string', number: 'number', boolean: 'boolean' }[
    type as 'text' | 'number' | 'boolean'
  ];
  if (expected === undefined || typeof value === expected) return;
  throw new UnexpectedReplyError(`A ${type} output came as ${typeof value}.`);
}

async function storeMedia(
  deps: StoreDependencies,
  type: MediaType,
  item: OutputItem,
  source: OutputSource,
): Promise<AssetReference> {
  const temp = await deps.assetStore.createTemp(source.accountId);
  try {
    const sourceUrlHost = await fetchInto(deps, temp, type, item, source);
    failpoint('result.after_download');
    return await registerFile(deps, temp.path, type, { ...source, sourceUrlHost });
  } finally {
    await temp.remove();
  }
}

/** Sniffs, probes, stores and registers a local file as an asset of the declared type; the file is moved. */
export async function registerFile(
  deps: Omit<StoreDependencies, 'guardedFetch'>,
  filePath: string,
  type: MediaType,
  source: Pick<OutputSource, 'accountId' | 'jobId'> & { readonly sourceUrlHost?: string },
): Promise<AssetReference> {
  const { kind, mimeType } = await sniffFile(filePath);
  if (type !== 'file' && kind !== type) {
    const found = mimeType === 'application/octet-stream' ? 'of an unknown type' : mimeType;
    throw new UnexpectedReplyError(`An ${type} was expected; by its bytes the file is ${found}.`);
  }
  const { width, height, durationSeconds } = type === 'file' ? {} : await probe(filePath, mimeType);
  const stored = await put(deps, source.accountId, { path: filePath }, mimeType, ASSET_BYTES_MAX[type]);
  const { accountId, jobId: sourceJobId, sourceUrlHost } = source;
  return deps.registerAsset({
    accountId,
    ...stored,
    type,
    mimeType,
    width,
    height,
    durationSeconds,
    sourceJobId,
    sourceUrlHost,
  });
}

async function probe(filePath: string, mimeType: string): Promise<MediaProbe> {
  try {
    return await probeMedia(filePath, mimeType);
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    throw toMediaFailure(error, (message) => new UnexpectedReplyError(message, { cause: error }));
  }
}

async function fetchInto(
  deps: StoreDependencies,
  temp: TempFile,
  type: MediaType,
  item: OutputItem,
  source: OutputSource,
): Promise<string | undefined> {
  switch (item.kind) {
    case 'value':
      throw new UnexpectedReplyError(`A ${type} output came as a plain value.`);
    case 'bytes':
      await writeTemp(temp, [item.bytes], ASSET_BYTES_MAX[type]);
      return undefined;
    case 'base64':
      await writeTemp(temp, [Buffer.from(item.base64, 'base64')], ASSET_BYTES_MAX[type]);
      return undefined;
    case 'url':
      await download(deps, temp, item.url, ASSET_BYTES_MAX[type], source);
      return new URL(item.url).host;
  }
}

async function download(
  deps: StoreDependencies,
  temp: TempFile,
  url: string,
  maxBytes: number,
  source: OutputSource,
): Promise<void> {
  const { privateOrigins, signal, nodeId } = source;
  try {
    const response = await deps.guardedFetch.fetchStream(url, {
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      maxBytes,
      privateOrigins,
      signal,
    });
    if (response.status !== 200) {
      response.discard();
      throw new DownloadError(
        response.status,
        `The file for node "${nodeId}" could not be fetched: its server answered ${response.status}.`,
      );
    }
    await writeTemp(temp, response.body, maxBytes);
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    throw new DownloadError(
      undefined,
      `The file for node "${nodeId}" could not be fetched: ${error.message}`,
      { cause: error },
    );
  }
}

/** A file that cannot be had at its URL; whether that is the user's or the provider's fault is the caller's to say. */
export class DownloadError extends Error {
  constructor(
    readonly httpStatus: number | undefined,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

async function writeTemp(
  temp: TempFile,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<void> {
  const limited = async function* (): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new AssetTooLargeError(maxBytes);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.from(limited(), { objectMode: false }), createWriteStream(temp.path));
  } catch (error) {
    throw toStepError(error);
  }
}

async function put(
  deps: Pick<StoreDependencies, 'assetStore'>,
  accountId: string,
  source: Uint8Array | { readonly path: string },
  mimeType: string,
  maxBytes: number,
): Promise<{ sha256: string; bytes: number }> {
  try {
    return await deps.assetStore.put(accountId, source, { mimeType, maxBytes });
  } catch (error) {
    throw toStepError(error);
  }
}

/** A full disk is worth a retry: the job is not sent again for it. */
function toStepError(error: unknown): unknown {
  if (error instanceof AssetTooLargeError) return new UnexpectedReplyError(error.message);
  if (!(error instanceof AssetStoreUnavailableError) && !isDiskError(error)) return error;
  const message =
    'The asset store does not take the file now. Make room or repair it; the step goes on by itself.';
  return new StepError('AssetStoreUnavailable', message, { retryAfterMs: 5_000, cause: error });
}

function isDiskError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EIO' || code === 'EDQUOT' || code === 'EROFS';
}

function isMediaType(type: PortType): type is MediaType {
  return type === 'image' || type === 'video' || type === 'audio' || type === 'file';
}
