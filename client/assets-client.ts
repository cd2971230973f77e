import { toQuery, type Calls } from './calls';
import type { AssetFilters, AssetView, CallOptions, CreatingOptions, ListedAsset, Page } from './types';

/** Files of the account. */
export interface AssetsClient {
  /** Stores a file, of at most 1 GiB unless the server is set otherwise; the same bytes again are the same asset. */
  uploadAsset(bytes: Blob | Uint8Array<ArrayBuffer>, options?: CreatingOptions): Promise<AssetView>;
  /** Uploaded and made ones, newest first. */
  listAssets(filters?: AssetFilters, options?: CallOptions): Promise<Page<ListedAsset>>;
  getAsset(assetId: string, options?: CallOptions): Promise<AssetView>;
  /** The bytes of an asset, given as the poll body shows it or by its id. */
  downloadAsset(asset: string | Pick<AssetView, 'url'>, options?: CallOptions): Promise<Uint8Array>;
}

export function createAssetsClient(calls: Calls): AssetsClient {
  return {
    uploadAsset: (bytes, given) =>
      calls.upload('/assets', bytes instanceof Blob ? bytes : new Blob([bytes]), given),
    listAssets: (filters = {}, given) => calls.get(`/assets${toQuery(filters)}`, given),
    getAsset: (id, given) => calls.get(assetPath(id), given),
    downloadAsset: async (asset, given) => {
      const { url } = typeof asset === 'string' ? await calls.get<AssetView>(assetPath(asset), given) : asset;
      const response = await calls.transport.open(url, given?.signal);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

function assetPath(assetId: string): string {
  return `/assets/${encodeURIComponent(assetId)}`;
}
