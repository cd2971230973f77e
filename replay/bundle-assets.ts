import { isAssetReference, isList } from '../pipeline/pure/values';
import type { AssetStore } from '../store/assets/asset-store';
import type { NewAsset } from '../store/database/assets';
import type { AssetReference, NodeOutputs, PortValue } from '../workflows/contract';
import { BundleError } from './bundle-error';

/** All that a replay stores belongs to this one. */
export const REPLAY_ACCOUNT = 'replay';

const FILE_BYTES_MAX = 8 * 1024 * 1024 * 1024;

/** Files of a bundle under what they claim to be; a reference is worth what its bytes are. */
export class BundleAssets {
  private readonly actual = new Map<string, { readonly sha256: string; readonly bytes: number }>();

  constructor(private readonly store: AssetStore) {}

  async add(claimed: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    if (!/^[0-9a-f]{64}$/.test(claimed)) {
      throw new BundleError(`The bundle holds a file named ${JSON.stringify(claimed)}, which is no SHA-256.`);
    }
    const options = { mimeType: 'application/octet-stream', maxBytes: FILE_BYTES_MAX };
    this.actual.set(claimed, await this.store.put(REPLAY_ACCOUNT, bytes, options));
  }

  /**
   * Recorded outputs with the digests that their files have in this bundle.
   * @throws BundleError when a file is missing
   */
  actualOutputs(outputs: NodeOutputs): NodeOutputs {
    const values = Object.entries(outputs).map(([port, value]) => [port, this.actualValue(value)] as const);
    return Object.fromEntries(values);
  }

  private actualValue(value: PortValue): PortValue {
    if (isAssetReference(value)) return this.actualReference(value);
    if (!isList(value)) return value;
    return value.map((item) => (isAssetReference(item) ? this.actualReference(item) : item));
  }

  private actualReference(reference: AssetReference): AssetReference {
    const actual = this.actual.get(reference.sha256);
    if (actual === undefined) throw new BundleError(`The file ${reference.sha256} is not in the bundle.`);
    return { ...reference, ...actual };
  }
}

/** What local work made: a reference without a row. */
export async function registerReplayed(asset: NewAsset): Promise<AssetReference> {
  const { type, mimeType, bytes, sha256, width, height, durationSeconds } = asset;
  const size = {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
  };
  return { type, assetId: `ast_${sha256.slice(0, 32)}`, mimeType, bytes, sha256, ...size };
}
