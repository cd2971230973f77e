import { AssetMissingError, AssetTooLargeError, type TempFile } from '../store/assets/asset-store';
import { signAssetUrl } from '../store/assets/signed-url';
import type { AssetReference, ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import type { MediaAccess } from './materialise-input';
import type { ReadText } from './resolve-request';
import { StepError } from './to-application-failure';

/** Largest asset that is sent inline as base64 or in a multipart part. */
const INLINE_MEDIA_BYTES_MAX = 64 * 1024 * 1024;
const TEXT_BYTES_MAX = 4 * 1024 * 1024;
/** A provider may fetch an input late: its own queue comes first. */
const URL_LIFETIME_MS = 6 * 60 * 60 * 1_000;

type AssetDependencies = Pick<ActivityDependencies, 'assetStore' | 'settings' | 'now'>;

/** How one execution's assets reach a provider. */
export function mediaAccess(deps: AssetDependencies, scope: ExecutionScope): MediaAccess {
  const { publicUrl, localUrl, secret } = deps.settings;
  const ownUrl = scope.mode === 'test' ? localUrl : publicUrl;
  return {
    urlFor: (asset) => {
      if (ownUrl === undefined) return undefined;
      const path = `/api/v1/assets/${asset.assetId}/content`;
      return `${ownUrl}${signAssetUrl([secret], { path, expiresAtMs: deps.now() + URL_LIFETIME_MS })}`;
    },
    read: (asset) => readAsset(deps, scope.accountId, asset, INLINE_MEDIA_BYTES_MAX),
  };
}

export function createReadText(deps: Pick<AssetDependencies, 'assetStore'>, accountId: string): ReadText {
  return async (asset) =>
    Buffer.from(await readAsset(deps, accountId, asset, TEXT_BYTES_MAX)).toString('utf8');
}

async function readAsset(
  deps: Pick<AssetDependencies, 'assetStore'>,
  accountId: string,
  asset: AssetReference,
  maxBytes: number,
): Promise<Uint8Array> {
  return known(asset, () => deps.assetStore.read(accountId, asset.sha256, { maxBytes }));
}

/** An asset as a local file, for local work. */
export function openAsset(
  deps: Pick<AssetDependencies, 'assetStore'>,
  accountId: string,
  asset: AssetReference,
): Promise<TempFile> {
  return known(asset, () => deps.assetStore.localFile(accountId, asset.sha256));
}

async function known<T>(asset: AssetReference, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AssetMissingError) {
      const message = `Asset ${asset.assetId} is not in the asset store any more. Run the node that made it again.`;
      throw new StepError('InputUnavailable', message, { cause: error });
    }
    if (error instanceof AssetTooLargeError) {
      const message = `Asset ${asset.assetId} (${asset.bytes} bytes) is too large to be sent inside a request. Give a smaller file, or set EVERFRAME_PUBLIC_URL so that the provider can fetch it.`;
      throw new StepError('InputInvalid', message, { cause: error });
    }
    throw error;
  }
}
