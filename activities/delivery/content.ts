import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isAssetReference, textOf } from '../../pipeline/pure/values';
import { AssetMissingError } from '../../store/assets/asset-store';
import type { AssetReference, StepInput } from '../../workflows/contract';
import type { ActivityDependencies } from '../dependencies';
import { StepError } from '../to-application-failure';

/** What is delivered. */
export interface Content {
  readonly bytes: number;
  /** Hex digest. */
  readonly sha256: string;
  readonly mimeType: string;
  /** Anew for each try. */
  readonly open: () => Promise<Readable>;
}

/** @throws StepError `InputInvalid` */
export function contentOf(
  deps: Pick<ActivityDependencies, 'assetStore'>,
  { accountId, nodeId, inputs }: StepInput,
): Content {
  const { value } = inputs;
  if (value === undefined || Array.isArray(value)) {
    const message = `Node "${nodeId}" delivers one value. Connect one file or text; for a list put it into a control:map.`;
    throw new StepError('InputInvalid', message);
  }
  return isAssetReference(value) ? storedContent(deps, accountId, value) : inlineContent(value);
}

function storedContent(
  { assetStore }: Pick<ActivityDependencies, 'assetStore'>,
  accountId: string,
  { bytes, sha256, mimeType, assetId }: AssetReference,
): Content {
  const open = async (): Promise<Readable> => {
    try {
      return (await assetStore.open(accountId, sha256)).stream;
    } catch (error) {
      if (!(error instanceof AssetMissingError)) throw error;
      const message = `Asset ${assetId} is not in the asset store any more. Run the node that made it again.`;
      throw new StepError('InputUnavailable', message, { cause: error });
    }
  };
  return { bytes, sha256, mimeType, open };
}

function inlineContent(value: Parameters<typeof textOf>[0]): Content {
  const body = Buffer.from(textOf(value), 'utf8');
  return {
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    mimeType: typeof value === 'object' && value !== null ? 'application/json' : 'text/plain; charset=utf-8',
    open: () => Promise.resolve(Readable.from([body], { objectMode: false })),
  };
}
