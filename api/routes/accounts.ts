import { z } from 'zod';
import { accounts } from '../../store/database/accounts';
import { newId } from '../../store/ids';
import { notFound, type ApiError } from '../api-error';
import { replyOnce } from '../idempotent-reply';
import { PLANS } from '../plans';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { ASKED_FOR_SCOPES, SCOPES } from '../scopes';
import { issueKey, newKeySchema } from './api-keys';

const plan = z.enum(PLANS.map((each) => each.name)).describe('What bounds its requests.');
const name = z.string().trim().min(1).max(100);
const accountSchema = z
  .object({ accountId: z.string(), name: z.string(), plan: z.string() })
  .meta({ id: 'Account' });

const common = { tag: 'accounts', scope: 'accounts:manage', query: noParameters } as const;

export const createAccount = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/accounts',
  operationId: 'createAccount',
  summary: 'For operators: makes an account and its first key, in the mode of the calling key',
  bodyKind: 'json',
  params: noParameters,
  body: z.strictObject({ name, plan: plan.default('free') }),
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h give one key; the answer to a repeat lacks `key`.',
  },
  responses: {
    201: {
      description: 'The first key of the account, which has no credits yet.',
      schema: newKeySchema.extend({ account: accountSchema }),
    },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ body }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const account = { accountId: newId('acc'), ...body };
      await accounts.ensure(dependencies.database, { id: account.accountId, ...body });
      const scopes = SCOPES.filter((scope) => !ASKED_FOR_SCOPES.includes(scope));
      const order = { name: 'First key', mode: caller.mode, scopes, beside: { account } };
      return issueKey({ ...order, accountId: account.accountId }, store, context);
    }),
});

export const listAccounts = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/accounts',
  operationId: 'listAccounts',
  summary: 'For operators: all accounts, oldest first',
  bodyKind: 'none',
  params: noParameters,
  body: noBody,
  responses: { 200: { description: 'The accounts.', schema: z.object({ data: z.array(accountSchema) }) } },
  handle: async (_input, { dependencies }) => {
    const found = await accounts.list(dependencies.database);
    return {
      status: 200,
      body: { data: found.map(({ id: accountId, ...rest }) => ({ accountId, ...rest })) },
    };
  },
});

export const changeAccount = defineKeyRoute({
  ...common,
  method: 'PUT',
  path: '/api/v1/accounts/:accountId',
  operationId: 'changeAccount',
  summary: 'For operators: gives an account another plan or name; counts from the next request on',
  bodyKind: 'json',
  params: z.object({ accountId: z.string().max(100) }),
  body: z.strictObject({ name, plan }),
  responses: {
    200: { description: 'The account.', schema: accountSchema },
    404: { description: 'There is no such account.', schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, { dependencies }) => {
    const changed = await accounts.change(dependencies.database, params.accountId, body);
    if (changed === undefined) throw accountNotFound();
    const { id: accountId, ...rest } = changed;
    return { status: 200, body: { accountId, ...rest } };
  },
});

export function accountNotFound(): ApiError {
  return notFound('account_not_found', 'There is no such account. List them at /api/v1/accounts.');
}
