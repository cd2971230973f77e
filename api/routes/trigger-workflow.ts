import { z } from 'zod';
import { isJsonObject } from '../../pipeline/pure/values';
import { webhooks } from '../../store/database/webhooks';
import type { Webhook } from '../../store/database/workflows/webhooks';
import { readSecrets } from '../../store/webhook-secrets';
import type { JsonObject } from '../../workflows/contract';
import { ApiError, notFound, unprocessable } from '../api-error';
import type { ApiDependencies } from '../dependencies';
import { toStoredJson } from '../graph-body';
import { parseJsonBody } from '../http/json-body';
import { replay, replyOnce } from '../idempotent-reply';
import { defineOpenRoute, noParameters, type RequestContext } from '../route';
import { runWorkflow } from '../run-workflow';
import { errorSchema, invalidSchema } from '../schemas';
import { verifySignature } from '../verify-signature';

const WEBHOOK_ID = /^whk_[0-9a-f]{40}$/;

export const triggerWorkflow = defineOpenRoute({
  method: 'POST',
  path: '/api/v1/workflow/:webhookId/trigger',
  operationId: 'triggerWorkflow',
  summary: 'Runs the published version of a workflow without a key; the JSON body becomes its triggerData',
  tag: 'webhooks',
  bodyKind: 'raw',
  isOpenToBrowsers: true,
  params: z.object({ webhookId: z.string().max(100) }),
  query: noParameters,
  body: z.instanceof(Uint8Array),
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h start one run and get the first answer.',
    'webhook-id': 'Of a signed call; serves as Idempotency-Key where there is none.',
    'webhook-timestamp': 'Of a signed call: unix seconds, at most 300 s off.',
    'webhook-signature': 'Of a signed call: `v1,<base64>`, as standardwebhooks.com says.',
  },
  responses: {
    202: { description: 'It runs. Poll it with a key.', schema: z.object({ executionId: z.string() }) },
    401: { description: 'The webhook asks for a signature, and there is no valid one.', schema: errorSchema },
    402: { description: 'The account has too few credits; nothing was started.', schema: errorSchema },
    404: { description: 'There is no such webhook.', schema: errorSchema },
    409: {
      description: 'The workflow is not published, or the first request with this key is still in work.',
      schema: errorSchema,
    },
    422: {
      description: 'The body is no object, or lacks a value that the graph needs.',
      schema: invalidSchema,
    },
    429: {
      description: 'The limit of the webhook or of its account; repeat after `Retry-After`.',
      schema: errorSchema,
    },
    503: {
      description: 'The database or the workflow engine is away; repeat after `Retry-After`.',
      schema: errorSchema,
    },
  },
  handle: async ({ params, body }, context) => {
    const webhook = await admit(params.webhookId, context);
    const signedId = checkSignature(webhook, body, context);
    const triggerData = readTriggerData(body);
    const { accountId, workflowId, mode, plan } = webhook;
    const once = {
      request: context.request,
      dependencies: context.dependencies,
      caller: { accountId, mode },
    };
    const idempotencyKey = context.request.get('idempotency-key') ?? signedId;
    return replyOnce({ ...once, idempotencyKey }, triggerData, async (store) => {
      const result = await runWorkflow(context.dependencies, {
        runner: { accountId, mode, plan },
        workflowId,
        body: { triggerData },
        toStore: ({ executionId }) => store(202, toStoredJson({ executionId })),
      }).catch(tellStrangersLess);
      if (result.kind === 'repeated') return replay(result.repeat);
      return { status: 202, body: { executionId: result.receipt.executionId } };
    });
  },
});

async function admit(webhookId: string, { dependencies, response }: RequestContext) {
  const webhook = WEBHOOK_ID.test(webhookId)
    ? await webhooks.find(dependencies.database, webhookId)
    : undefined;
  if (webhook === undefined) {
    throw notFound('webhook_not_found', 'There is no such webhook. Publishing a workflow answers its own.');
  }
  response.locals.accountId = webhook.accountId;
  await dependencies.rateLimits.countTrigger(webhookId);
  return webhook;
}

/** @returns the id that the sender gave to the call, of a webhook that asks for signatures */
function checkSignature(
  { sealedSecrets }: Webhook,
  body: Uint8Array,
  { request, dependencies }: Pick<RequestContext, 'request'> & { readonly dependencies: ApiDependencies },
): string | undefined {
  if (sealedSecrets.length === 0) return undefined;
  const { settings, clock } = dependencies;
  const secrets = readSecrets(settings.assetSecrets, sealedSecrets, clock());
  return verifySignature(secrets, body, (name) => request.get(name));
}

/** Any content type: forms and no-code tools often cannot set one. */
function readTriggerData(body: Uint8Array): JsonObject {
  const value = parseJsonBody(body) ?? {};
  if (isJsonObject(value)) return value;
  const message = 'The body must be a JSON object: it becomes the triggerData of the run.';
  const fix = 'Send {"prompt": "…"}, or nothing.';
  throw unprocessable('request_invalid', message, [{ path: '', code: 'invalid_type', message, fix }]);
}

/** What the account owns is nothing that a caller without a key should learn. */
function tellStrangersLess(error: unknown): never {
  if (!(error instanceof ApiError) || error.status !== 402) throw error;
  const message = 'The account of this webhook has too few credits for a run.';
  throw new ApiError({ status: 402, code: error.code, message });
}
