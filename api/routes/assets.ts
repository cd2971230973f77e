import { z } from 'zod';
import { assetViewSchema } from '../../pipeline/execution-view';
import { assets } from '../../store/database/assets';
import { notFound } from '../api-error';
import { assetUrl } from '../asset-urls';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { accountAsset, cursorInvalid, errorSchema, invalidSchema, pageQuery } from '../schemas';

export const getAsset = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/assets/:assetId',
  operationId: 'getAsset',
  summary: 'What an asset is, with a signed URL of its bytes that is valid for at least 24 hours',
  tag: 'assets',
  scope: 'assets:read',
  bodyKind: 'none',
  params: accountAsset,
  query: noParameters,
  body: noBody,
  responses: {
    200: { description: 'The asset.', schema: assetViewSchema },
    404: { description: 'Unknown asset, or not yours.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    const asset = await assets.find(dependencies.database, caller.accountId, params.assetId);
    if (asset === undefined) throw assetNotFound();
    const url = assetUrl(dependencies.settings, caller.accountId, asset.assetId, dependencies.clock());
    return { status: 200, body: { ...asset, url } };
  },
});

export const listAssets = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/assets',
  operationId: 'listAssets',
  summary: 'Assets of the account, uploaded or made, newest first',
  tag: 'assets',
  scope: 'assets:read',
  bodyKind: 'none',
  params: noParameters,
  query: z.object({ ...pageQuery, type: assetViewSchema.shape.type.optional() }),
  body: noBody,
  responses: {
    200: {
      description: 'One page.',
      schema: z.object({
        data: z.array(assetViewSchema.extend({ createdAt: z.string() })),
        hasMore: z.boolean(),
        nextCursor: z.string().nullable(),
      }),
    },
    400: { description: 'The cursor is not one of ours.', schema: invalidSchema },
    422: { description: 'A filter is not as described.', schema: invalidSchema },
  },
  handle: async ({ query: { type, ...page } }, { caller, dependencies }) => {
    const { database, settings, clock } = dependencies;
    const { accountId } = caller;
    const found = await assets.list(database, accountId, { type }, page).catch(cursorInvalid);
    const data = found.assets.map(({ createdAt, ...asset }) => ({
      ...asset,
      url: assetUrl(settings, accountId, asset.assetId, clock()),
      createdAt: createdAt.toISOString(),
    }));
    return { status: 200, body: { data, hasMore: found.nextCursor !== null, nextCursor: found.nextCursor } };
  },
});

export function assetNotFound(): Error {
  return notFound('asset_not_found', 'There is no such asset. Check its id and the API key.');
}
