import { join } from 'node:path';
import type { AssetStore } from './asset-store';
import { createLocalAssetStore } from './local-asset-store';
import { createS3AssetStore } from './s3-asset-store';
import type { S3Settings } from './s3-settings';

/** The store of this installation: S3 where it is configured, else the folder. */
export function openAssetStore(folder: string, s3: S3Settings | undefined): AssetStore {
  return s3 === undefined ? createLocalAssetStore(folder) : createS3AssetStore(s3, join(folder, 'temp'));
}
