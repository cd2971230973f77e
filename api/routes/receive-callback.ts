import { z } from 'zod';
import { callbacks, type CallbackTarget } from '../../store/database/callbacks';
import { failpoint } from '../../store/failpoints';
import { candidateKey } from '../../workflows/contract';
import { notFound } from '../api-error';
import type { ApiDependencies } from '../dependencies';
import { defineOpenRoute } from '../route';
import { errorSchema } from '../schemas';

/** Never stored: they belong to the connection, or may hold a secret of somebody in between. */
const DROPPED_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'connection', 'host']);

export const receiveCallback = defineOpenRoute({
  method: 'POST',
  path: '/api/v1/callbacks/:token',
  operationId: 'receiveCallback',
  summary: 'Where providers report that a job is done',
  tag: 'callbacks',
  bodyKind: 'raw',
  params: z.object({ token: z.string().max(200) }),
  query: z.object({}),
  body: z.instanceof(Uint8Array),
  responses: {
    200: {
      description: 'Noted; the worker checks it and asks the provider.',
      schema: z.object({ received: z.boolean() }),
    },
    404: { description: 'No job has this token.', schema: errorSchema },
    503: { description: 'The database is away; call again.', schema: errorSchema },
  },
  handle: async ({ params, body }, { request, dependencies }) => {
    failpoint('callback.before_row');
    const target = await callbacks.put(dependencies.database, {
      token: params.token,
      headers: storedHeaders(request.headers),
      body,
    });
    if (target === undefined) throw notFound('callback_unknown', 'No job has this callback token.');
    failpoint('callback.after_row');
    await wake(target, dependencies);
    return { status: 200, body: { received: true } };
  },
});

/** A callback is a hint only: when it cannot be passed on, polling finds the result a little later. */
async function wake(target: CallbackTarget, { temporal, logger }: ApiDependencies): Promise<void> {
  const activityId = `${target.step}/${candidateKey(target)}/await`;
  try {
    await temporal.completeAwait(target.executionId, activityId);
  } catch (error) {
    logger.warn({ error, jobId: target.jobId }, 'A callback was stored but could not wake its job.');
  }
}

function storedHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || DROPPED_HEADERS.has(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}
