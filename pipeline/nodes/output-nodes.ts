import { z } from 'zod';
import { defineNode, type InputPort, type NodeDefinition, type PortContext } from '../node-definition';
import { nodeConfig } from './node-config';

/** Delivery: what a run has made goes elsewhere. Paid for by nobody, so that a failed upload is only repeated, alone. */

const secretName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a secret is of a-z, 0-9 and -, at most 63')
  .describe('Name of a secret of the account: PUT /api/v1/secrets/{name}.');

const value: InputPort = {
  type: 'any',
  required: true,
  description: 'What is delivered: a file, a text, JSON.',
};

const usual = {
  inputs: { value },
  ports: ({ shapeInto }: PortContext) => ({
    inputs: { value: { ...value, type: shapeInto('value')?.type ?? ('any' as const) } },
    outputs,
  }),
  mainInput: 'value',
} as const;

const outputs = {
  url: { type: 'text', description: 'Where it is now.' },
  status: { type: 'number', description: 'Status of the answer.' },
  etag: { type: 'text', mayBeAbsent: true, description: 'ETag of the answer, where there was one.' },
} as const;

/** Set by us, or not for a user to set. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...[
    'host',
    'content-length',
    'transfer-encoding',
    'connection',
    'expect',
    'idempotency-key',
    'upgrade',
    'te',
  ],
]);
/** What is written into a config is in histories and exports. */
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'it is no name of a header')
  .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), 'this header is set by Everframe');

const headers = z
  .record(
    headerName,
    z.union([
      z.string().max(4_096),
      z.strictObject({ secret: secretName, prefix: z.string().max(64).default('') }),
    ]),
  )
  .refine(
    (given) =>
      Object.entries(given).every(
        ([name, each]) => typeof each !== 'string' || !SECRET_HEADERS.has(name.toLowerCase()),
      ),
    'keep what authorizes as a secret: {"Authorization": {"secret": "<name>", "prefix": "Bearer "}}',
  )
  .default({})
  .describe(
    'Texts, or {"secret": "<name>", "prefix": "Bearer "}: a secret is put in when it is sent, and stands nowhere else.',
  );

export const outputNodes: readonly NodeDefinition[] = [
  defineNode({
    ...usual,
    type: 'output:http',
    version: 1,
    label: 'Send by HTTP',
    description:
      'Sends a result to a CMS, a CDN or any URL, with an Idempotency-Key: a repeat after a crash is the same request.',
    config: nodeConfig({
      url: z.string().min(1).max(2_048).describe('http(s) URL of the receiver.'),
      method: z.enum(['POST', 'PUT']).default('POST'),
      headers,
      contentType: z
        .string()
        .regex(/^[\w.+-]+\/[\w.+-]+(?:; ?[\w.+-]+=[\w.+-]+)*$/, 'write it as image/png')
        .optional()
        .describe('The type of the file, text/plain or application/json unless given.'),
    }),
    outputs,
    implementation: { kind: 'deliver', to: 'http' },
    expectedSeconds: 5,
  }),
  defineNode({
    ...usual,
    type: 'output:s3',
    version: 1,
    label: 'Store in S3',
    description:
      'Puts a result into a bucket, under a key of its content unless told otherwise: a repeat finds it there.',
    config: nodeConfig({
      bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'it is no name of a bucket'),
      key: z
        .string()
        .min(1)
        .max(512)
        .default('{sha256}.{ext}')
        .describe('With {sha256}, {ext}, {executionId} and {step}.'),
      prefix: z.string().max(256).default('').describe('Before the key, such as "posters/".'),
      region: z.string().min(1).max(64).default('us-east-1'),
      endpoint: z.string().max(2_048).optional().describe('URL of a store that is not Amazon’s.'),
      pathStyle: z
        .boolean()
        .optional()
        .describe('The bucket in the path of the URL; so unless given where an endpoint is.'),
      credentials: secretName
        .optional()
        .describe(
          'A secret of the form "<access key id>:<secret access key>". Without it the bucket must be one that the operator has opened (EVERFRAME_DELIVERY_BUCKETS).',
        ),
      overwrite: z
        .boolean()
        .default(false)
        .describe('Take the place of another object under the key; else that is a failure.'),
      cacheControl: z.string().max(200).optional().describe('Such as "public, max-age=31536000, immutable".'),
      publicUrl: z
        .string()
        .max(2_048)
        .optional()
        .describe('URL of a CDN before the bucket: `url` is then below it.'),
    }),
    outputs,
    implementation: { kind: 'deliver', to: 's3' },
    expectedSeconds: 5,
  }),
];
