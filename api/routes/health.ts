import { sql } from 'kysely';
import { z } from 'zod';
import type { ApiDependencies } from '../dependencies';
import { defineOpenRoute, noBody, noParameters } from '../route';

const CHECK_TIMEOUT_MS = 1_000;

const readinessSchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.record(z.string(), z.enum(['ok', 'away'])),
});

export const livez = defineOpenRoute({
  method: 'GET',
  path: '/livez',
  operationId: 'getLiveness',
  summary: 'The process answers',
  tag: 'health',
  bodyKind: 'none',
  params: noParameters,
  query: noParameters,
  body: noBody,
  responses: { 200: { description: 'Alive.', schema: z.object({ status: z.literal('alive') }) } },
  handle: async () => ({ status: 200, body: { status: 'alive' } }),
});

export const readyz = defineOpenRoute({
  method: 'GET',
  path: '/readyz',
  operationId: 'getReadiness',
  summary: 'What the API needs is there: database and Temporal, each asked with a time limit of 1 s',
  tag: 'health',
  bodyKind: 'none',
  params: noParameters,
  query: noParameters,
  body: noBody,
  responses: {
    200: { description: 'Ready.', schema: readinessSchema },
    503: { description: 'Something is away, or the process is stopping.', schema: readinessSchema },
  },
  handle: async (_input, { dependencies }) => {
    const [database, temporal] = await Promise.all([
      isDatabaseThere(dependencies),
      dependencies.temporal.isAvailable(),
    ]);
    const checks = { database: state(database), temporal: state(temporal) };
    const isReady = database && temporal && !dependencies.shutdown.aborted;
    if (isReady) return { status: 200, body: { status: 'ready', checks } };
    return { status: 503, headers: { 'Retry-After': '2' }, body: { status: 'not_ready', checks } };
  },
});

function state(isThere: boolean): 'ok' | 'away' {
  return isThere ? 'ok' : 'away';
}

async function isDatabaseThere({ database }: ApiDependencies): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  const query = sql`SELECT 1`.execute(database.queries).then(
    () => true,
    () => false,
  );
  return Promise.race([query, timeout]).finally(() => clearTimeout(timer));
}
