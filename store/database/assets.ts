import { sql, type Selectable } from 'kysely';
import type { AssetReference } from '../../workflows/contract';
import { newId } from '../ids';
import { decodeCursor, encodeCursor } from './executions/cursor';
import type { Database } from './database';
import type { AssetsTable } from './tables';

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

export interface AssetPage {
  readonly assets: readonly (AssetReference & { readonly createdAt: Date })[];
  readonly nextCursor: string | null;
}

export const assets = {
  /**
   * Makes stored bytes known; the same bytes with the same type in one account are one asset. Call after
   * `AssetStore.put`: a row always has its bytes.
   */
  async register(database: Database, asset: NewAsset): Promise<AssetReference> {
    const row = await database.queries
      .insertInto('assets')
      .values({
        id: newId('ast'),
        account_id: asset.accountId,
        sha256: asset.sha256,
        type: asset.type,
        mime_type: asset.mimeType,
        bytes: asset.bytes,
        width: asset.width ?? null,
        height: asset.height ?? null,
        duration_seconds: asset.durationSeconds ?? null,
        source_job_id: asset.sourceJobId ?? null,
        source_url_host: asset.sourceUrlHost ?? null,
      })
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'sha256', 'mime_type']).doUpdateSet((eb) => ({
          width: eb.fn.coalesce('assets.width', 'excluded.width'),
          height: eb.fn.coalesce('assets.height', 'excluded.height'),
          duration_seconds: eb.fn.coalesce('assets.duration_seconds', 'excluded.duration_seconds'),
        })),
      )
      .returning(referenceColumns)
      .executeTakeFirstOrThrow();
    return toReference(row);
  },

  /** Undefined for an unknown or foreign id. */
  async find(database: Database, accountId: string, assetId: string): Promise<AssetReference | undefined> {
    const owned = await assets.findOwned(database, assetId);
    return owned?.accountId === accountId ? owned.asset : undefined;
  },

  /** Those that are known and the account's, in no order. */
  async findMany(
    database: Database,
    accountId: string,
    assetIds: readonly string[],
  ): Promise<readonly AssetReference[]> {
    const rows = await database.queries
      .selectFrom('assets')
      .select(referenceColumns)
      .where('account_id', '=', accountId)
      .where(sql<boolean>`id = any (${assetIds})`)
      .execute();
    return rows.map(toReference);
  },

  /**
   * Assets of an account, newest first.
   * @param page.limit 1–100
   * @throws InvalidCursorError when `page.cursor` is not one of ours
   */
  async list(
    database: Database,
    accountId: string,
    { type }: { readonly type?: AssetReference['type'] },
    { cursor, limit }: { readonly cursor?: string; readonly limit: number },
  ): Promise<AssetPage> {
    let query = database.queries
      .selectFrom('assets')
      .select(['created_at', ...referenceColumns])
      .where('account_id', '=', accountId);
    if (cursor !== undefined) query = query.where('id', '<', decodeCursor(cursor));
    if (type !== undefined) query = query.where('type', '=', type);
    const rows = await query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      assets: shown.map((row) => ({ ...toReference(row), createdAt: row.created_at })),
      nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null,
    };
  },

  /** For signed URLs, which carry no account: the asset and whose it is. */
  async findOwned(
    database: Database,
    assetId: string,
  ): Promise<{ readonly accountId: string; readonly asset: AssetReference } | undefined> {
    const row = await database.queries
      .selectFrom('assets')
      .select(['account_id', ...referenceColumns])
      .where('id', '=', assetId)
      .executeTakeFirst();
    return row && { accountId: row.account_id, asset: toReference(row) };
  },
} as const;

const referenceColumns = [
  'id',
  'type',
  'mime_type',
  'bytes',
  'sha256',
  'width',
  'height',
  'duration_seconds',
] as const;

function toReference(row: Pick<Selectable<AssetsTable>, (typeof referenceColumns)[number]>): AssetReference {
  return {
    type: row.type,
    assetId: row.id,
    mimeType: row.mime_type,
    bytes: row.bytes,
    sha256: row.sha256,
    ...(row.width === null ? {} : { width: row.width }),
    ...(row.height === null ? {} : { height: row.height }),
    ...(row.duration_seconds === null ? {} : { durationSeconds: row.duration_seconds }),
  };
}
