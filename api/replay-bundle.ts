import { pipeline } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import { allNodes } from '../pipeline/pure/all-nodes';
import { isAssetReference, isJsonObject, isList } from '../pipeline/pure/values';
import { RELEASE } from '../pipeline/release';
import {
  ASSET_FOLDER,
  BUNDLE_FORMAT,
  MANIFEST_NAME,
  outputHashes,
  type BundleNode,
  type ReplayBundle,
} from '../pipeline/replay-bundle';
import { AssetMissingError, type AssetStore } from '../store/assets/asset-store';
import type { ExecutionDetail, NodeRow } from '../store/database/executions/execution';
import type { Job } from '../store/database/jobs/job';
import type { PlanNode } from '../workflows/contract';

/** What `bundle.json` says of an execution that has ended; looks up which bytes are there. */
export async function createManifest(
  detail: ExecutionDetail,
  reused: ReadonlyMap<string, Job>,
  assetStore: AssetStore,
): Promise<ReplayBundle> {
  const { documents, nodes } = detail;
  const isTaken = new Map(nodes.map((node) => [node.step, node.cached]));
  const taken = [...reused].filter(([step]) => isTaken.get(step)).map(([step, job]) => ({ ...job, step }));
  const parts = {
    graph: { ...documents.graph },
    triggerData: { ...documents.triggerData },
    plan: documents.plan,
    nodes: allNodes(documents.plan.nodes).flatMap((planned) => describeNode(planned, nodes)),
    jobs: [...detail.jobs, ...taken].map(describeJob),
  };
  return {
    format: BUNDLE_FORMAT,
    version: 1,
    release: RELEASE,
    execution: describeExecution(detail),
    ...parts,
    ...(await findAssets(parts, detail.execution.accountId, assetStore)),
  };
}

/** Streams the archive: the manifest, then the bytes. The same execution gives the same archive, byte for byte. */
export async function sendBundle(
  manifest: ReplayBundle,
  accountId: string,
  assetStore: AssetStore,
  target: Writable,
): Promise<void> {
  const archive = pack();
  const sent = pipeline(archive, target);
  const filled = fill(archive, manifest, accountId, assetStore).catch((error: unknown) => {
    // The archive breaks off, and with it the answer: nobody takes it for a whole one.
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  await Promise.all([sent, filled]);
}

async function fill(
  archive: Pack,
  manifest: ReplayBundle,
  accountId: string,
  assetStore: AssetStore,
): Promise<void> {
  const { completedAt } = manifest.execution;
  const mtime = new Date(completedAt ?? 0);
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  archive.entry({ name: MANIFEST_NAME, mtime }, text);
  for (const { sha256, bytes } of manifest.assets) {
    const { stream } = await assetStore.open(accountId, sha256);
    await addEntry(archive, { name: `${ASSET_FOLDER}${sha256}`, size: bytes, mtime }, stream);
  }
  archive.finalize();
}

async function addEntry(
  archive: Pack,
  header: { readonly name: string; readonly size: number; readonly mtime: Date },
  stream: Readable,
): Promise<void> {
  const entry = archive.entry(header);
  await pipeline(stream, entry);
}

function describeExecution({ execution }: ExecutionDetail): ReplayBundle['execution'] {
  const { status } = execution;
  if (status === 'RUNNING' || status === 'WAITING')
    throw new Error('a bundle is of an execution that has ended');
  return {
    executionId: execution.id,
    workflowId: execution.workflowId,
    workflowName: execution.workflowName,
    version: execution.version,
    status,
    attempt: execution.attempt,
    mode: execution.mode,
    createdAt: execution.createdAt.toISOString(),
    completedAt: execution.completedAt?.toISOString() ?? null,
  };
}

function describeNode(planned: PlanNode, rows: readonly NodeRow[]): BundleNode[] {
  const own = rows.filter(({ nodeId }) => nodeId === planned.id);
  // The row of a node with steps in a group only stands for them.
  const steps = own.filter(({ step, nodeId }) => own.length === 1 || step !== nodeId);
  return steps.map((row) => describeStep(planned, row));
}

function describeStep(planned: PlanNode, row: NodeRow): BundleNode {
  const { seed } = planned.config;
  const outputs = row.status === 'COMPLETED' ? (row.outputs ?? {}) : null;
  return {
    nodeId: row.nodeId,
    ...(row.step === row.nodeId ? {} : { step: row.step }),
    nodeType: planned.nodeType,
    nodeTypeVersion: planned.nodeTypeVersion,
    nodeKey: row.nodeKey,
    status: row.status,
    provider: row.provider,
    model: row.model,
    seed: typeof seed === 'number' ? seed : null,
    cached: row.cached,
    outputs,
    outputHashes: outputHashes(outputs ?? {}),
    failure: row.error,
  };
}

/** All but what belongs to the provider's account: handle, credential, callback. */
function describeJob(job: Job): ReplayBundle['jobs'][number] {
  return {
    jobId: job.id,
    executionId: job.executionId,
    step: job.step,
    provider: job.provider,
    model: job.model,
    generation: job.generation,
    state: job.state,
    requestHash: job.requestHash,
    request: job.request,
    outputs: job.outputs,
    failure: job.failure,
    creditsCharged: job.creditsCharged,
    createdAt: job.createdAt.toISOString(),
    settledAt: job.settledAt?.toISOString() ?? null,
  };
}

async function findAssets(
  parts: unknown,
  accountId: string,
  assetStore: AssetStore,
): Promise<Pick<ReplayBundle, 'assets' | 'missingAssets'>> {
  const digests = new Set<string>();
  collectAssets(parts, digests);
  const assets: ReplayBundle['assets'] = [];
  const missingAssets: string[] = [];
  for (const sha256 of [...digests].sort()) {
    const bytes = await sizeOf(assetStore, accountId, sha256);
    if (bytes === undefined) missingAssets.push(sha256);
    else assets.push({ sha256, bytes });
  }
  return { assets, missingAssets };
}

/** As stored: what a reference says of itself may be a user's. */
async function sizeOf(
  assetStore: AssetStore,
  accountId: string,
  sha256: string,
): Promise<number | undefined> {
  try {
    const { stream, totalBytes } = await assetStore.open(accountId, sha256);
    stream.destroy();
    return totalBytes;
  } catch (error) {
    if (error instanceof AssetMissingError) return undefined;
    throw error;
  }
}

/** A user's JSON may have the shape of a reference: it opens bytes of the user's own account alone. */
function collectAssets(value: unknown, found: Set<string>): void {
  if (isAssetReference(value) && /^[0-9a-f]{64}$/.test(value.sha256)) found.add(value.sha256);
  else if (isList(value)) for (const item of value) collectAssets(item, found);
  else if (isJsonObject(value)) for (const item of Object.values(value)) collectAssets(item, found);
}
