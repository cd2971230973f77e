import { assetViewSchema } from '../../pipeline/execution-view';
import type { StoredBytes, TempFile } from '../../store/assets/asset-store';
import { ASSET_BYTES_MAX } from '../../store/assets/media/asset-limits';
import { assets } from '../../store/database/assets';
import { idempotency } from '../../store/database/idempotency';
import { assetUrl } from '../asset-urls';
import { readIdempotencyKey } from '../http/idempotency-key';
import { receiveUpload, tooLarge } from '../http/receive-upload';
import { replay, replyOnce, type StoreReply } from '../idempotent-reply';
import { inspectUpload } from '../inspect-upload';
import { defineKeyRoute, noBody, noParameters, type CallerContext, type Reply } from '../route';
import { invalidSchema } from '../schemas';

export const uploadAsset = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/assets',
  operationId: 'uploadAsset',
  summary: 'Stores a file: its bytes as the body, or one part `file`; the type is told by the bytes',
  tag: 'assets',
  scope: 'assets:write',
  bodyKind: 'file',
  params: noParameters,
  query: noParameters,
  body: noBody,
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key and the same bytes within 24 h get one answer.',
  },
  responses: {
    201: { description: 'The asset; the same bytes again are the same asset.', schema: assetViewSchema },
    422: {
      description: 'No file, or one that is cut off, too long or too large in pixels.',
      schema: invalidSchema,
    },
  },
  handle: async (_input, context) => {
    const { caller, dependencies, request } = context;
    // An unusable key is told before gigabytes have come.
    readIdempotencyKey(request.get('idempotency-key'), {
      ...caller,
      method: request.method,
      path: request.path,
      body: null,
    });
    const temp = await dependencies.assetStore.createTemp(caller.accountId);
    try {
      const received = await receiveUpload(request, temp.path, dependencies.settings.uploadLimits.bytesMax);
      const { sha256 } = received;
      return await replyOnce(context, { sha256 }, (store) => keep(temp, received, store, context));
    } finally {
      await temp.remove();
    }
  },
});

async function keep(
  temp: TempFile,
  received: StoredBytes,
  store: StoreReply,
  { caller, dependencies }: CallerContext,
): Promise<Reply> {
  const { assetStore, database, settings, clock } = dependencies;
  const { accountId } = caller;
  const media = await inspectUpload(temp.path, settings.uploadLimits.durationSecondsMax);
  const maxBytes = ASSET_BYTES_MAX[media.type];
  if (received.bytes > maxBytes) throw tooLarge(maxBytes, media.type);
  const { mimeType } = media;
  const stored = await assetStore.put(accountId, { path: temp.path }, { mimeType, maxBytes });
  const asset = await assets.register(database, { accountId, ...stored, ...media });
  const body = { ...asset, url: assetUrl(settings, accountId, asset.assetId, clock()) };
  const toStore = store(201, body);
  const repeat = toStore && (await idempotency.store(database, accountId, toStore));
  if (repeat !== undefined) return replay(repeat);
  return { status: 201, body, headers: { Location: `/api/v1/assets/${asset.assetId}` } };
}
