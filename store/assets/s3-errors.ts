import { S3ServiceException } from '@aws-sdk/client-s3';
import {
  AssetMissingError,
  AssetStoreUnavailableError,
  AssetTooLargeError,
  RangeNotSatisfiableError,
} from './asset-store';

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404 && (!(error instanceof Error) || error.name !== 'NoSuchBucket');
}

export function isInvalidRange(error: unknown): boolean {
  return statusOf(error) === 416;
}

/** Errors of the object store and of the way to it become ours; those that are ours already stay. */
export function fromS3(error: unknown): unknown {
  const isOurs = [
    AssetMissingError,
    AssetStoreUnavailableError,
    AssetTooLargeError,
    RangeNotSatisfiableError,
  ].some((kind) => error instanceof kind);
  if (isOurs) return error;
  const name = error instanceof Error ? error.name : 'unknown error';
  const status = statusOf(error);
  const reason =
    status === 403
      ? 'it refused our key: check EVERFRAME_S3_ACCESS_KEY_ID, EVERFRAME_S3_SECRET_ACCESS_KEY and the policy of the bucket'
      : name === 'NoSuchBucket'
        ? 'there is no such bucket: check EVERFRAME_S3_BUCKET'
        : `${name}${status === undefined ? '' : `, HTTP ${status}`}`;
  return new AssetStoreUnavailableError(`the asset store could not be used: ${reason}`, { cause: error });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
