import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { assets } from '../../store/database/assets';
import { AssetMissingError, type OpenedAsset } from '../../store/assets/asset-store';
import type { AssetReference } from '../../workflows/contract';
import { ApiError } from '../api-error';
import { checkAssetUrl } from '../asset-urls';
import { authenticate, requireScope } from '../http/authenticate';
import { readByteRange } from '../http/byte-range';
import { defineOpenRoute, noBody, type Reply, type RequestContext } from '../route';
import { accountAsset, errorSchema } from '../schemas';
import { assetNotFound } from './assets';

export const getAssetContent = defineOpenRoute({
  method: 'GET',
  path: '/api/v1/assets/:assetId/content',
  operationId: 'getAssetContent',
  summary: 'The bytes of an asset, by signed URL or by key; Range is honoured',
  tag: 'assets',
  bodyKind: 'none',
  params: accountAsset,
  query: z.object({
    expires: z.string().optional().describe('Unix seconds; part of a signed URL.'),
    signature: z.string().optional().describe('Part of a signed URL; then no key is needed.'),
  }),
  body: noBody,
  requestHeaders: { Range: 'One byte range.', 'If-None-Match': 'ETag that you have.' },
  responses: {
    200: { description: 'The bytes.', mediaType: '*/*' },
    206: { description: 'The bytes of the range.', mediaType: '*/*' },
    304: { description: 'You have it.' },
    401: { description: 'Neither a signed URL nor a valid key.', schema: errorSchema },
    403: {
      description: 'The URL is forged or has expired, or the key lacks the scope.',
      schema: errorSchema,
    },
    404: { description: 'Unknown asset, or not yours.', schema: errorSchema },
    416: { description: 'The range begins beyond the end.', schema: errorSchema },
    429: { description: 'With a key: the plan’s limit is reached.', schema: errorSchema },
    503: { description: 'The store of files or the database is away.', schema: errorSchema },
  },
  handle: async ({ params, query }, context) => {
    const isSigned = query.signature !== undefined;
    const owned = await (isSigned ? findSigned(params.assetId, context) : findByKey(params.assetId, context));
    return sendContent(owned, context);
  },
});

interface OwnedAsset {
  readonly accountId: string;
  readonly asset: AssetReference;
}

async function findSigned(assetId: string, context: RequestContext): Promise<OwnedAsset> {
  const { database, settings, clock } = context.dependencies;
  const owned = await assets.findOwned(database, assetId);
  const owner = owned?.accountId ?? '';
  const check = checkAssetUrl(settings, owner, context.request.originalUrl, clock());
  if (check === 'expired') throw refused('url_expired', 'This URL has expired. Get a new one from the API.');
  // Said for unknown assets too, so that nothing can be probed without a signature.
  if (check === 'forged') throw refused('signature_invalid', 'The signature of this URL is not ours.');
  if (owned === undefined) throw assetNotFound();
  return owned;
}

async function findByKey(assetId: string, context: RequestContext): Promise<OwnedAsset> {
  const { request, response, dependencies } = context;
  const caller = await authenticate(request, dependencies);
  await dependencies.rateLimits.countRequest(caller, response);
  requireScope(caller, 'assets:read');
  const { accountId } = caller;
  const asset = await assets.find(dependencies.database, accountId, assetId);
  if (asset === undefined) throw assetNotFound();
  return { accountId, asset };
}

function refused(code: string, message: string): ApiError {
  return new ApiError({ status: 403, code, message });
}

async function sendContent({ accountId, asset }: OwnedAsset, context: RequestContext): Promise<Reply> {
  const { request, dependencies } = context;
  const etag = `"${asset.sha256}"`;
  const headers = { ...contentHeaders(asset), ETag: etag };
  if (hasEtag(request.get('if-none-match'), etag)) return { status: 304, headers };
  const ifRange = request.get('if-range');
  const wanted = ifRange === undefined || ifRange === etag ? request.get('range') : undefined;
  const range = readByteRange(wanted, asset.bytes);
  if (range === 'unsatisfiable') throw beyondTheEnd(asset.bytes);
  const opened = await dependencies.assetStore
    .open(accountId, asset.sha256, range)
    .catch((error: unknown) => {
      throw error instanceof AssetMissingError ? assetNotFound() : error;
    });
  await sendBytes(opened, range === undefined ? 200 : 206, headers, context);
  return 'sent';
}

async function sendBytes(
  { stream, start, end, totalBytes }: OpenedAsset,
  status: 200 | 206,
  headers: Readonly<Record<string, string>>,
  { request, response }: RequestContext,
): Promise<void> {
  response.status(status).set({ ...headers, 'Content-Length': String(end - start + 1) });
  if (status === 206) response.set('Content-Range', `bytes ${start}-${end}/${totalBytes}`);
  if (request.method === 'HEAD') {
    stream.destroy();
    response.end();
    return;
  }
  try {
    await pipeline(stream, response);
  } catch {
    // The client went away, or the disk failed midway: the broken connection tells it.
    response.destroy();
  }
}

function beyondTheEnd(totalBytes: number): ApiError {
  const message = `The range begins beyond the ${totalBytes} bytes of this asset.`;
  const headers = { 'Content-Range': `bytes */${totalBytes}` };
  return new ApiError({ status: 416, code: 'range_not_satisfiable', message, headers });
}

function hasEtag(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((given) => [etag, `W/${etag}`, '*'].includes(given.trim()));
}

/** Shown in a browser; everything else, such as HTML and SVG, could run there and is offered as a download. */
const PASSIVE =
  /^(image\/(png|jpeg|webp|gif|avif|bmp|tiff)|video\/[\w.+-]+|audio\/[\w.+-]+|text\/plain|application\/json)$/;

function contentHeaders(asset: AssetReference): Record<string, string> {
  const isPassive = PASSIVE.test(asset.mimeType);
  const charset = asset.mimeType === 'text/plain' ? '; charset=utf-8' : '';
  return {
    'Content-Type': `${isPassive ? asset.mimeType : 'application/octet-stream'}${charset}`,
    'Content-Disposition': isPassive ? 'inline' : `attachment; filename="${asset.assetId}"`,
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=3600, immutable',
  };
}
