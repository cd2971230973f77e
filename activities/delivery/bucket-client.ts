import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { textOf } from '../../pipeline/pure/values';
import type { JsonObject, StepInput } from '../../workflows/contract';
import type { ActivityDependencies } from '../dependencies';
import type { GuardedFetch } from '../guarded-fetch';
import { StepError } from '../to-application-failure';
import { readNamedSecret } from './named-secret';

/** Where a content goes. */
export interface BucketTarget {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly pathStyle: boolean;
  /** Absent: the server's own, found as the AWS SDK does. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The operator's own store, which may be at a private address. */
  readonly isOurs: boolean;
  /** Of the bucket, without a slash at its end. */
  readonly url: string;
}

/**
 * Of the node's config with the account's own credentials; or, for a bucket that the operator has opened, the server's.
 *
 * @throws StepError `InputInvalid`, `DeliveryFailed`
 */
export async function readTarget(
  deps: Pick<ActivityDependencies, 'database' | 'settings'>,
  input: StepInput,
  config: JsonObject,
): Promise<BucketTarget> {
  const bucket = textOf(config['bucket'] ?? '');
  const { credentials } = config;
  if (typeof credentials !== 'string') return ownTarget(deps, input, bucket, config);
  const endpoint = typeof config['endpoint'] === 'string' ? config['endpoint'] : undefined;
  if (endpoint !== undefined && !/^https?:\/\/[^/?#@]+\/?$/.test(endpoint))
    throw new StepError(
      'InputInvalid',
      `Node "${input.nodeId}": config.endpoint is no URL of a store. Write https://host.`,
    );
  const region = textOf(config['region'] ?? '');
  const pathStyle = typeof config['pathStyle'] === 'boolean' ? config['pathStyle'] : endpoint !== undefined;
  const place = { bucket, region, endpoint, pathStyle };
  const url = urlOf(place);
  const secret = await readNamedSecret(deps, input, credentials, new URL(url).hostname);
  return { ...place, url, credentials: readCredentials(input, credentials, secret), isOurs: false };
}

function ownTarget(
  { settings }: Pick<ActivityDependencies, 'settings'>,
  { nodeId }: StepInput,
  bucket: string,
  config: JsonObject,
): BucketTarget {
  const { s3, deliveryBuckets = [] } = settings;
  if (!deliveryBuckets.includes(bucket) || config['endpoint'] !== undefined) {
    const message = `Node "${nodeId}": the bucket "${bucket}" needs config.credentials, the name of a secret. Without it a bucket must be one that the operator has opened by EVERFRAME_DELIVERY_BUCKETS, at the server's own store.`;
    throw new StepError('DeliveryFailed', message);
  }
  const { region = 'us-east-1', endpoint, pathStyle = false, credentials } = s3 ?? {};
  const place = { bucket, region, endpoint, pathStyle };
  return { ...place, url: urlOf(place), ...(credentials ? { credentials } : {}), isOurs: true };
}

function urlOf({
  bucket,
  region,
  endpoint,
  pathStyle,
}: Pick<BucketTarget, 'bucket' | 'region' | 'endpoint' | 'pathStyle'>) {
  const store = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  return pathStyle ? `${store.origin}/${bucket}` : `${store.protocol}//${bucket}.${store.host}`;
}

function readCredentials({ nodeId }: StepInput, name: string, secret: string) {
  const colon = secret.indexOf(':');
  if (colon > 0 && colon < secret.length - 1)
    return { accessKeyId: secret.slice(0, colon), secretAccessKey: secret.slice(colon + 1) };
  const message = `Node "${nodeId}": the secret "${name}" is not of the form "<access key id>:<secret access key>".`;
  throw new StepError('DeliveryFailed', message);
}

/** A client of S3 that goes out through the guarded fetch alone. Temporal alone repeats. */
export function createBucketClient(
  guardedFetch: GuardedFetch,
  { region, endpoint, pathStyle, credentials, isOurs }: BucketTarget,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): S3Client {
  return new S3Client({
    ...{ region, endpoint, credentials, forcePathStyle: pathStyle, maxAttempts: 1 },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: guardedHandler(guardedFetch, isOurs, limits),
  });
}

/** What the SDK hands to a handler, as far as it is needed here. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const ANSWER_BYTES_MAX = 1_048_576;

function guardedHandler(
  guardedFetch: GuardedFetch,
  isOurs: boolean,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): NonNullable<S3ClientConfig['requestHandler']> {
  return {
    handle: async (request: SdkRequest) => {
      const url = toUrl(request);
      // The connection waits for nobody's word before the body; the signature does not cover this header.
      const { expect: _expect, Expect: _Expect, ...headers } = request.headers;
      const {
        status,
        headers: answered,
        body,
      } = await guardedFetch.fetchStream(url.href, {
        method: request.method === 'HEAD' ? 'HEAD' : request.method === 'PUT' ? 'PUT' : 'GET',
        ...{ headers, ...limits, maxBytes: ANSWER_BYTES_MAX },
        ...(request.body instanceof Readable ? { body: request.body } : {}),
        privateOrigins: isOurs ? [url.origin] : [],
      });
      const response = {
        statusCode: status,
        headers: Object.fromEntries(answered),
        body: Readable.from(body, { objectMode: false }),
      };
      return { response };
    },
  };
}

function toUrl({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [value as string | null])
      url.searchParams.append(name, each ?? '');
  return url;
}
