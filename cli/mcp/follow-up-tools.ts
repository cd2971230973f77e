import { z } from 'zod';
import { defineTool, type Tool } from './tool';
import { executionId, idempotencyKey, page } from './tool-fields';

const deadLetterId = z.string().min(1).describe('As list_dead_letters answers it.');

/** What is left to do or to look at once runs are under way: reviews, dead letters, files, spending. */
export const followUpTools: readonly Tool[] = [
  defineTool({
    name: 'list_reviews',
    title: 'List open reviews',
    description: 'What runs ask a person to decide, newest first, with the asset or text in question.',
    effect: 'reads',
    input: z.object({ executionId: executionId.optional(), ...page }),
    call: (client, filters) => client.listReviews(filters),
  }),
  defineTool({
    name: 'decide_review',
    title: 'Decide a review',
    description:
      'Approve, reject (the comment may feed the next round), or replace by an asset or a text; the run goes on with it and may spend what it holds. Only with the word of the person who was asked.',
    effect: 'spends',
    input: z.object({
      reviewId: z.string().min(1),
      decision: z.enum(['approve', 'reject', 'replace']),
      comment: z.string().optional(),
      assetId: z.string().optional(),
      value: z.string().optional(),
    }),
    call: (client, { reviewId, ...decision }) => client.decideReview(reviewId, decision),
  }),
  defineTool({
    name: 'list_dead_letters',
    title: 'List dead letters',
    description: 'Nodes that failed at every provider, with the reason of each, newest first.',
    effect: 'reads',
    input: z.object(page),
    call: (client, filters) => client.listDeadLetters(filters),
  }),
  defineTool({
    name: 'get_dead_letter',
    title: 'Read a dead letter',
    description: 'Why a node failed at each provider, what it was given, and what once more would cost.',
    effect: 'reads',
    input: z.object({ deadLetterId }),
    call: (client, input) => client.getDeadLetter(input.deadLetterId),
  }),
  defineTool({
    name: 'redrive_dead_letter',
    title: 'Try a dead letter again',
    description: 'Its execution goes on from the failed step; finished steps are not paid again.',
    effect: 'spends',
    input: z.object({ deadLetterId, idempotencyKey }),
    call: (client, { deadLetterId: id, idempotencyKey: key }) =>
      client.redriveDeadLetter(id, { idempotencyKey: key }),
  }),
  defineTool({
    name: 'list_assets',
    title: 'List files',
    description: 'Files of the account, uploaded and made, newest first.',
    effect: 'reads',
    input: z.object({
      type: z.enum(['image', 'video', 'audio', 'file', 'text', 'json']).optional(),
      ...page,
    }),
    call: (client, filters) => client.listAssets(filters),
  }),
  defineTool({
    name: 'get_asset',
    title: 'Look at a file',
    description: 'Type, size and a fresh URL of a file.',
    effect: 'reads',
    input: z.object({ assetId: z.string().min(1) }),
    call: (client, { assetId }) => client.getAsset(assetId),
  }),
  defineTool({
    name: 'get_usage',
    title: 'What was used',
    description: 'Executions, and credits by day, model and node type, in the mode of the key.',
    effect: 'reads',
    input: z.object({
      from: z.string().optional().describe('ISO 8601, included.'),
      to: z.string().optional().describe('ISO 8601, excluded.'),
    }),
    call: (client, window) => client.getUsage(window),
  }),
  defineTool({
    name: 'get_stats',
    title: 'How runs did',
    description:
      'Latency (p50, p95, p99), success rate and credits by workflow, node type and model; with workflowId also its variants.',
    effect: 'reads',
    input: z.object({
      from: z.string().optional().describe('ISO 8601, included; 7 days before the end unless given.'),
      to: z.string().optional().describe('ISO 8601, excluded.'),
      workflowId: z.string().optional(),
    }),
    call: (client, window) => client.getStats(window),
  }),
];
