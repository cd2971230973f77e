import type { AssetReference } from '../../workflows/contract';
import type { Database } from './database';

export interface NewAsset {
  readonly accountId: string;
  readonly sha256: string;
  readonly type: AssetReference['type'];
  readonly mimeType: string;
  readonly bytes: number;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly durationSeconds?: number;
  readonly sourceJobId?: string;
  readonly sourceUrlHost?: string;
}

export const assets = {
  /** Makes stored bytes known; the same bytes with the same type in one account are one asset. Call after `AssetStore.put`. */
  async register(database: Database, asset: NewAsset): Promise<AssetReference> {
    throw new Error('being built');
  },
  /** Undefined for an unknown or foreign id. */
  async find(database: Database, accountId: string, assetId: string): Promise<AssetReference | undefined> {
    throw new Error('being built');
  },
  /** For signed URLs, which carry no account: the asset and whose it is. */
  async findOwned(
    database: Database,
    assetId: string,
  ): Promise<{ readonly accountId: string; readonly asset: AssetReference } | undefined> {
    throw new Error('being built');
  },
} as const;
