import { z } from 'zod';
import { prompts, PROMPTS_MAX, type SharedPrompt } from '../../store/database/prompts';
import { conflict, notFound } from '../api-error';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, invalidSchema } from '../schemas';

const name = z
  .string()
  .regex(/^[A-Za-z_]\w{0,63}$/, { error: 'A name is of letters, digits and _, at most 64.' });
const kind = z
  .enum(['prompt', 'negative'])
  .describe('`prompt`: `${prompts.name}` in a graph. `negative`: appended to every negative prompt.');

const promptSchema = z
  .object({ name: z.string(), kind, text: z.string(), updatedAt: z.string() })
  .meta({ id: 'SharedPrompt' });

const common = { tag: 'prompts', query: noParameters } as const;

export const listPrompts = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/prompts',
  operationId: 'listPrompts',
  summary: 'Texts that the graphs of the account share',
  scope: 'workflows:read',
  bodyKind: 'none',
  params: noParameters,
  body: noBody,
  responses: { 200: { description: 'All of them.', schema: z.object({ data: z.array(promptSchema) }) } },
  handle: async (_input, { caller, dependencies }) => {
    const found = await prompts.list(dependencies.database, caller.accountId);
    return { status: 200, body: { data: found.map(presentPrompt) } };
  },
});

export const putPrompt = defineKeyRoute({
  ...common,
  method: 'PUT',
  path: '/api/v1/prompts/:name',
  operationId: 'putPrompt',
  summary: 'Keeps a shared text; executions that run keep the one that they began with',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: z.object({ name }),
  body: z.strictObject({ text: z.string().trim().min(1).max(8_000), kind: kind.optional() }),
  responses: {
    200: { description: 'The text.', schema: z.object({ name: z.string(), kind, text: z.string() }) },
    409: { description: `There are ${PROMPTS_MAX} already.`, schema: errorSchema },
    422: { description: 'The name or the body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, { caller, dependencies }) => {
    const prompt = { name: params.name, kind: body.kind ?? ('prompt' as const), text: body.text };
    if (!(await prompts.put(dependencies.database, caller.accountId, prompt))) {
      throw conflict('too_many_prompts', `There are ${PROMPTS_MAX} shared texts already. Delete one first.`);
    }
    return { status: 200, body: prompt };
  },
});

export const deletePrompt = defineKeyRoute({
  ...common,
  method: 'DELETE',
  path: '/api/v1/prompts/:name',
  operationId: 'deletePrompt',
  summary: 'Deletes a shared text',
  scope: 'workflows:write',
  bodyKind: 'none',
  params: z.object({ name: z.string().max(100) }),
  body: noBody,
  responses: {
    204: { description: 'It is gone.' },
    404: { description: 'There is none of that name.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    if (!(await prompts.remove(dependencies.database, caller.accountId, params.name)))
      throw notFound(
        'prompt_not_found',
        'There is no shared text of that name. They are listed at /api/v1/prompts.',
      );
    return { status: 204 };
  },
});

function presentPrompt({ updatedAt, ...prompt }: SharedPrompt): z.infer<typeof promptSchema> {
  return { ...prompt, updatedAt: updatedAt.toISOString() };
}
