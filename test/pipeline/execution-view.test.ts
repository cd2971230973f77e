import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  executionViewSchema,
  isOver,
  type ExecutionView,
  type NodeView,
} from '../../pipeline/execution-view';
import { FAILURE_CODES, type ExecutionFailure } from '../../workflows/contract';

const node: NodeView = {
  status: 'COMPLETED',
  nodeType: 'generate:flux_2_pro',
  output: {
    image: {
      type: 'image',
      assetId: 'ast_1',
      url: 'http://x/y',
      mimeType: 'image/png',
      bytes: 1,
      sha256: 'a',
    },
  },
  provider: 'fal',
  model: 'fal-ai/flux-2-pro',
  attempts: 1,
  fallbackFrom: [],
  cached: false,
  credits: 30,
  startedAt: '2026-11-21T05:00:00.000Z',
  completedAt: '2026-11-21T05:00:09.000Z',
  error: null,
};

const running: ExecutionView = {
  executionId: 'exe_1',
  workflowId: 'inline',
  version: null,
  status: 'RUNNING',
  attempt: 1,
  progress: { total: 1, completed: 1, running: 0, failed: 0, skipped: 0 },
  nodes: { n1: node },
  output: {},
  error: null,
  failure: null,
  credits: { held: 60, charged: 30, released: 0 },
  items: null,
  links: {},
};

const failure: ExecutionFailure = {
  nodeId: 'n1',
  code: FAILURE_CODES.ProviderUnavailable,
  message: 'fal answered 503.',
  provider: 'fal',
  retryable: true,
  resumable: true,
};

describe('executionViewSchema', () => {
  it('reads the poll body of every status as it is', () => {
    const views: ExecutionView[] = [
      running,
      { ...running, status: 'WAITING', error: 'The credits are used up.', failure: null },
      { ...running, status: 'COMPLETED', output: { n1: node.output } },
      { ...running, status: 'FAILED', error: failure.message, failure },
      { ...running, status: 'CANCELLED', cancelRequested: true },
    ];
    for (const view of views) expect(executionViewSchema.parse(view)).toEqual(view);
  });

  it('holds a failed run to its failure, and no other run', () => {
    expect(executionViewSchema.safeParse({ ...running, status: 'FAILED' }).success).toBe(false);
    expect(executionViewSchema.safeParse({ ...running, error: 'x' }).success).toBe(false);
    expect(executionViewSchema.safeParse({ ...running, status: 'DONE' }).success).toBe(false);
  });

  it('holds a failed node to its error', () => {
    const nodes = (status: string, error: unknown) => ({
      ...running,
      nodes: { n1: { ...node, status, error } },
    });
    const { nodeId: _nodeId, resumable: _resumable, ...error } = failure;
    expect(executionViewSchema.safeParse(nodes('FAILED', error)).success).toBe(true);
    expect(executionViewSchema.safeParse(nodes('FAILED', null)).success).toBe(false);
    expect(executionViewSchema.safeParse(nodes('RUNNING', error)).success).toBe(false);
  });

  it('can be written as JSON Schema', () => {
    expect(z.toJSONSchema(executionViewSchema)).toMatchObject({ oneOf: expect.any(Array) });
  });

  it('says which statuses are final', () => {
    const statuses = ['RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
    expect(statuses.filter(isOver)).toEqual(['COMPLETED', 'FAILED', 'CANCELLED']);
  });
});
