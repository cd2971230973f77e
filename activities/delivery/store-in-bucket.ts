import { PutObjectCommand, HeadObjectCommand, S3ServiceException, type S3Client } from '@aws-sdk/client-s3';
import { textOf } from '../../pipeline/pure/values';
import type { JsonObject, NodeOutputs, StepInput } from '../../workflows/contract';
import type { ActivityDependencies } from '../dependencies';
import { FetchFailure } from '../fetch/fetch-failure';
import { StepError } from '../to-application-failure';
import { createBucketClient, readTarget, type BucketTarget } from './bucket-client';
import type { Content } from './content';
import { deliveryFailure, unsent, type Tries } from './delivery-failure';
import { objectKey } from './object-key';

type Dependencies = Pick<ActivityDependencies, 'database' | 'guardedFetch' | 'settings' | 'random'>;

interface Upload {
  readonly client: S3Client;
  readonly target: BucketTarget;
  readonly key: string;
  readonly content: Content;
  readonly config: JsonObject;
}

/**
 * Puts a content into a bucket. What is there under the key with the same content counts as delivered, so a repeat after a
 * crash sends nothing twice; what is there with another content stays, unless `overwrite` says otherwise.
 */
export async function storeInBucket(
  deps: Dependencies,
  input: StepInput,
  config: JsonObject,
  content: Content,
  tries: Tries,
): Promise<NodeOutputs> {
  const target = await readTarget(deps, input, config);
  const key = objectKey(input, config, content);
  const client = createBucketClient(deps.guardedFetch, target, {
    timeoutMs: input.timeoutSeconds * 1_000,
    signal: tries.signal,
  });
  try {
    const stored = await store(input, { client, target, key, content, config });
    return { url: urlOf(target, key, config), ...stored };
  } catch (error) {
    tries.signal.throwIfAborted();
    throw toFailure(deps, input, error, target, tries);
  } finally {
    client.destroy();
  }
}

async function store(input: StepInput, upload: Upload) {
  const found = await findObject(upload);
  const isSame = found?.sha256 === upload.content.sha256;
  if (found && isSame) return { status: found.status, ...etagOf(found.etag) };
  const mayReplace = upload.config['overwrite'] === true;
  if (found && !mayReplace) throw occupied(input, upload);
  try {
    return await put(upload, mayReplace ? {} : { IfNoneMatch: '*' });
  } catch (error) {
    // Some stores do not know the condition; the look before has to do there.
    if (statusOf(error) === 501 && !mayReplace) return put(upload, {});
    if (statusOf(error) === 412) throw occupied(input, upload);
    throw error;
  }
}

/** Undefined where there is none, or where we may not look. */
async function findObject({ client, target, key }: Upload) {
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: target.bucket, Key: key }));
    const status = head.$metadata.httpStatusCode ?? 200;
    return { sha256: head.Metadata?.[CONTENT], etag: head.ETag, status };
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 403) return undefined;
    throw error;
  }
}

const CONTENT = 'everframe-sha256';

async function put(
  { client, target, key, content, config }: Upload,
  condition: { readonly IfNoneMatch?: string },
) {
  const { cacheControl } = config;
  const command = new PutObjectCommand({
    ...{ Bucket: target.bucket, Key: key, ...condition },
    ...{
      ContentType: content.mimeType,
      ContentLength: content.bytes,
      Metadata: { [CONTENT]: content.sha256 },
    },
    ...(typeof cacheControl === 'string' ? { CacheControl: cacheControl } : {}),
  });
  const body = await content.open();
  try {
    // The digest is known, so the store itself refuses bytes that were changed or cut off on the way.
    command.input.Body = body;
    command.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { readonly headers: Record<string, string> };
        request.headers['x-amz-content-sha256'] = content.sha256;
        return next(args);
      },
      { step: 'build', name: 'knownDigest' },
    );
    const answer = await client.send(command);
    return { status: answer.$metadata.httpStatusCode ?? 200, ...etagOf(answer.ETag) };
  } finally {
    body.destroy();
  }
}

function etagOf(etag: string | undefined): { readonly etag?: string } {
  return etag === undefined ? {} : { etag };
}

function urlOf({ url }: BucketTarget, key: string, { publicUrl }: JsonObject): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return `${typeof publicUrl === 'string' ? publicUrl.replace(/\/+$/, '') : url}/${path}`;
}

function occupied({ nodeId }: StepInput, { target, key }: Upload): StepError {
  const message = `Node "${nodeId}": another object is under "${key}" in the bucket "${target.bucket}". Put {sha256} or {executionId} into config.key, or set config.overwrite.`;
  return new StepError('DeliveryFailed', message);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function toFailure(
  deps: Dependencies,
  input: StepInput,
  error: unknown,
  { bucket }: BucketTarget,
  tries: Tries,
): unknown {
  if (error instanceof FetchFailure) return unsent(deps, input, error, tries);
  if (!(error instanceof S3ServiceException)) return error;
  const status = statusOf(error);
  const mayWork = status === undefined || status === 409 || status === 429 || status >= 500;
  const message = `Node "${input.nodeId}": the store answered ${error.name} (${status ?? 'no status'}) for the bucket ${textOf(bucket)}. ${hintOf(status)}`;
  return deliveryFailure(deps, message, { ...tries, ...(mayWork ? { askedMs: 0 } : {}), cause: error });
}

function hintOf(status: number | undefined): string {
  if (status === 403) return 'Look at the credentials and at what they may do in the bucket.';
  if (status === 404) return 'Look at the name of the bucket, its region and the endpoint.';
  return 'Resume the execution to deliver it again; nothing is made anew.';
}
