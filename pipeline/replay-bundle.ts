import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  INTERPRETER_VERSIONS,
  type JsonValue,
  type NodeOutputs,
  type Plan,
  type PortValue,
} from '../workflows/contract';
import { canonicalJson } from './node-key';

/**
 * The replay bundle: one tar archive with `bundle.json`, first, and the bytes of every asset as `assets/<sha256>`.
 * Written by the API, read by the replay. Without URLs, keys or handles of providers.
 */
export const BUNDLE_FORMAT = 'everframe-bundle';
export const MANIFEST_NAME = 'bundle.json';
export const ASSET_FOLDER = 'assets/';

/** Largest manifest, bytes: a plan of 1 MB with requests and results. */
export const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const outputs = z.custom<NodeOutputs>(isRecord);

export const replayBundleSchema = z.object({
  format: z.literal(BUNDLE_FORMAT),
  /** Of this format. */
  version: z.literal(1),
  /** Release of Everframe that wrote it. */
  release: z.string(),
  execution: z.object({
    executionId: z.string(),
    workflowId: z.string(),
    workflowName: z.string(),
    version: z.number().nullable(),
    status: z.enum(['COMPLETED', 'FAILED', 'CANCELLED']),
    attempt: z.number(),
    mode: z.enum(['live', 'test']),
    createdAt: z.string(),
    completedAt: z.string().nullable(),
  }),
  graph: z.record(z.string(), z.unknown()),
  triggerData: z.record(z.string(), z.unknown()),
  plan: z.custom<Plan>(isPlan, 'not a plan of this release'),
  nodes: z.array(
    z.object({
      nodeId: z.string(),
      /** Of a node inside of a group, where it is not its id: `n7.2`. */
      step: z.string().optional(),
      nodeType: z.string(),
      nodeTypeVersion: z.number(),
      nodeKey: z.string(),
      status: z.string(),
      provider: z.string().nullable(),
      model: z.string().nullable(),
      seed: z.number().nullable(),
      cached: z.boolean(),
      /** Of a COMPLETED node. */
      outputs: outputs.nullable(),
      /** Hex SHA-256 by output port, see {@link outputHashes}. */
      outputHashes: z.record(z.string(), digest),
      failure: z.unknown(),
    }),
  ),
  /** Of the execution; and, where a node took the result of another one, the job that made it, under that node's step. */
  jobs: z.array(
    z.object({
      jobId: z.string(),
      /** Whose job it is. */
      executionId: z.string(),
      step: z.string(),
      provider: z.string(),
      model: z.string(),
      generation: z.number(),
      state: z.string(),
      requestHash: z.string(),
      request: z.unknown(),
      outputs: outputs.nullable(),
      failure: z.unknown(),
      creditsCharged: z.number(),
      createdAt: z.string(),
      settledAt: z.string().nullable(),
    }),
  ),
  assets: z.array(z.object({ sha256: digest, bytes: z.number() })),
  /** Named somewhere above, but not in the asset store any more. */
  missingAssets: z.array(digest),
});

export type ReplayBundle = z.infer<typeof replayBundleSchema>;
export type BundleNode = ReplayBundle['nodes'][number];

/** What stands for a node's result: hex SHA-256 by port, in which stored bytes count by their own digest alone. */
export function outputHashes(values: NodeOutputs): Record<string, string> {
  const hashes = Object.entries(values).map(([port, value]) => [port, hashOf(value)] as const);
  return Object.fromEntries(hashes);
}

function hashOf(value: PortValue): string {
  return createHash('sha256')
    .update(canonicalJson(value as JsonValue))
    .digest('hex');
}

function isPlan(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { nodes, interpreter } = value;
  if (!INTERPRETER_VERSIONS.some((version) => version === interpreter)) return false;
  return Array.isArray(nodes) && nodes.every(isPlanNode);
}

/** As far as a reader needs it to walk the plan; what a node holds is validated when it runs. */
function isPlanNode(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, nodeType, work, config, inputs, templates, dependsOn, body } = value;
  if (body !== undefined && !isPlanBody(body)) return false;
  const isNamed = typeof id === 'string' && typeof nodeType === 'string';
  return isNamed && isRecord(work) && isRecord(config) && [inputs, templates, dependsOn].every(Array.isArray);
}

function isPlanBody(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { nodes, inputs, captures } = value;
  return Array.isArray(nodes) && nodes.every(isPlanNode) && [inputs, captures].every(Array.isArray);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
