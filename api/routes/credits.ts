import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { accounts } from '../../store/database/accounts';
import { creditStatement } from '../../store/database/credit-statement';
import { requireScope } from '../http/authenticate';
import { readIdempotencyKey } from '../http/idempotency-key';
import { replay } from '../idempotent-reply';
import { defineKeyRoute, noBody, noParameters, type CallerContext, type Reply } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { accountNotFound } from './accounts';

const GRANT_CREDITS_MAX = 1_000_000_000;

const creditsSchema = z
  .object({
    mode: z.enum(['live', 'test']),
    availableCredits: z.number().int().describe('Free to be spent.'),
    heldCredits: z.number().int().describe('Set aside for executions that have not ended.'),
    chargedCredits: z.number().int().describe('Spent since the beginning.'),
    grantedCredits: z.number().int().describe('Available, held and charged together.'),
  })
  .meta({ id: 'Credits' });

const grantSchema = z
  .object({
    grantId: z.string(),
    grantKey: z.string(),
    mode: z.enum(['live', 'test']),
    credits: z.number().int(),
    createdAt: z.string(),
  })
  .meta({ id: 'CreditGrant' });

const grantBody = z.strictObject({
  credits: z.int().positive().max(GRANT_CREDITS_MAX).describe('1 credit is US$0.001.'),
  grantKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional()
    .describe('Such as the id of a payment: counts once, for ever. The Idempotency-Key unless given.'),
  accountId: z
    .string()
    .max(100)
    .optional()
    .describe('Another account; needs the scope `accounts:manage`, too. That of the key unless given.'),
});

export const getCredits = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/credits',
  operationId: 'getCredits',
  summary: "The account's credits in the mode of the key",
  tag: 'credits',
  scope: 'credits:read',
  bodyKind: 'none',
  params: noParameters,
  query: noParameters,
  body: noBody,
  responses: { 200: { description: 'The balance.', schema: creditsSchema } },
  handle: async (_input, { caller: { accountId, mode }, dependencies }) => {
    const { available, held, charged, granted } = await creditStatement.read(
      dependencies.database,
      accountId,
      mode,
    );
    const amounts = { availableCredits: available, heldCredits: held, chargedCredits: charged };
    return { status: 200, body: { mode, ...amounts, grantedCredits: granted } };
  },
});

export const grantCredits = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/credits/grants',
  operationId: 'grantCredits',
  summary:
    'Adds credits in the mode of the key; for operators. Executions that wait for them are resumed by their users',
  tag: 'credits',
  scope: 'credits:manage',
  bodyKind: 'json',
  params: noParameters,
  query: noParameters,
  body: grantBody,
  requestHeaders: { 'Idempotency-Key': 'Repeats with one key add once and get the first answer.' },
  responses: {
    201: { description: 'The credits are available.', schema: grantSchema },
    422: {
      description: 'The body is not as described, or the key was used for another amount.',
      schema: invalidSchema,
    },
    403: { description: 'The key lacks the scope `credits:manage`.', schema: errorSchema },
    404: { description: 'There is no such account.', schema: errorSchema },
  },
  handle: async ({ body }, context) => grant(body, context),
});

/** The entry itself is the memory of what was granted, so a key never counts twice, however late. */
async function grant(body: z.infer<typeof grantBody>, context: CallerContext): Promise<Reply> {
  const { caller, dependencies, request } = context;
  const { mode } = caller;
  const accountId = await findReceiver(body.accountId, context);
  const { method, path } = request;
  const header = readIdempotencyKey(request.get('idempotency-key'), { mode, method, path, body });
  const grantKey = body.grantKey ?? header?.key ?? randomUUID();
  const { credits } = body;
  const granted = await creditStatement.topUp(dependencies.database, {
    ...{ accountId, mode, credits },
    grantKey: `top-up/${grantKey}`,
  });
  if (granted.credits !== credits) return replay({ kind: 'fingerprint_mismatch' });
  const { id: grantId, createdAt } = granted;
  const answer = { grantId, grantKey, mode, credits, createdAt: createdAt.toISOString() };
  return granted.isRepeat
    ? replay({ kind: 'replayed', status: 201, body: answer })
    : { status: 201, body: answer };
}

/** @throws ApiError 403, 404 */
async function findReceiver(
  accountId: string | undefined,
  { caller, dependencies }: CallerContext,
): Promise<string> {
  if (accountId === undefined || accountId === caller.accountId) return caller.accountId;
  requireScope(caller, 'accounts:manage');
  const account = await accounts.find(dependencies.database, accountId);
  if (account === undefined) throw accountNotFound();
  return account.id;
}
