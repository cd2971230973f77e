import type { AssetStore } from './asset-store';

/** Assets on local disk: `<root>/<account>/<first two digits>/<sha256>`. */
export function createLocalAssetStore(rootFolder: string): AssetStore {
  throw new Error('being built');
}
