import { assetViewSchema } from '../../pipeline/execution-view';
import { assets } from '../../store/database/assets';
import { notFound } from '../api-error';
import { assetUrl } from '../asset-urls';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { accountAsset, errorSchema } from '../schemas';

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

export function assetNotFound(): Error {
  return notFound('asset_not_found', 'There is no such asset. Check its id and the API key.');
}
