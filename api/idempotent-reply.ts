import { idempotency } from '../store/database/idempotency';
import type { IdempotencyRepeat, InsufficientCredits } from '../store/database/executions/execution';
import type { Quote } from '../pipeline/quote';
import { isJsonObject } from '../pipeline/pure/values';
import type { JsonValue } from '../workflows/contract';
import { ApiError, conflict } from './api-error';
import { readIdempotencyKey, type IdempotencyRequest } from './http/idempotency-key';
import type { CallerContext, Reply } from './route';

/** PostgreSQL: the row of the same key was held by another request for longer than the lock time-out. */
const LOCK_NOT_AVAILABLE = '55P03';

/** How long the stored answer to a key is given back. */
const LIFETIME_MS = 24 * 3_600_000;

export interface IdempotencyToStore extends IdempotencyRequest {
  readonly response: { readonly status: number; readonly body: JsonValue };
  readonly lifetimeMs: number;
}

/** What to store as the answer, in the transaction of the work itself; undefined without a key. */
export type StoreReply = (status: number, body: JsonValue) => IdempotencyToStore | undefined;

/** Whose key it is; one in another place than the header `Idempotency-Key` is given. */
export type OnceContext = Pick<CallerContext, 'request' | 'dependencies'> & {
  readonly caller: Pick<CallerContext['caller'], 'accountId' | 'mode'>;
  readonly idempotencyKey?: string;
};

/**
 * Runs a creating request once per `Idempotency-Key`: a repeat gets the stored answer, before anything is checked again.
 *
 * @throws ApiError 400, 409 `idempotency_in_flight`, 422 `idempotency_key_reused`.
 */
export async function replyOnce(
  context: OnceContext,
  body: unknown,
  work: (store: StoreReply) => Promise<Reply>,
): Promise<Reply> {
  const { request, caller, dependencies } = context;
  const header = context.idempotencyKey ?? request.get('idempotency-key');
  const key = readIdempotencyKey(header, {
    mode: caller.mode,
    method: request.method,
    path: request.path,
    body,
  });
  if (key === undefined) return work(() => undefined);
  const repeat = await idempotency.find(dependencies.database, caller.accountId, key);
  if (repeat !== undefined) return replay(repeat);
  try {
    return await work((status, answer) => ({
      ...key,
      response: { status, body: answer },
      lifetimeMs: LIFETIME_MS,
    }));
  } catch (error) {
    // The first request may have ended meanwhile: what it did is no reason to refuse its own repeat.
    const first =
      error instanceof ApiError
        ? await idempotency.find(dependencies.database, caller.accountId, key)
        : undefined;
    if (first !== undefined) return replay(first);
    if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE) {
      throw conflict(
        'idempotency_in_flight',
        'The first request with this Idempotency-Key is still in work.',
        1,
      );
    }
    throw error;
  }
}

/** The answer to a repeat. @throws ApiError 422 when the key was used for something else. */
export function replay(repeat: IdempotencyRepeat): Reply {
  if (repeat.kind === 'replayed') {
    const { status, body } = repeat;
    return { status, body, headers: { 'Idempotency-Replayed': 'true', ...locationOf(body) } };
  }
  const message = 'This Idempotency-Key was used with another request. Use a new key for a new request.';
  throw new ApiError({ status: 422, code: 'idempotency_key_reused', message });
}

/** Of what the first request made, where the answer links to it. */
function locationOf(body: unknown): Readonly<Record<string, string>> {
  const links = isJsonObject(body) ? body['links'] : undefined;
  const self = isJsonObject(links) ? links['self'] : undefined;
  return typeof self === 'string' ? { Location: self } : {};
}

/** 402 with what each node costs, before anything started. */
export function insufficientCredits(result: InsufficientCredits, quote: Quote): ApiError {
  const { requiredCredits, availableCredits } = result;
  const breakdown = quote.nodes.map(({ nodeId, nodeType, minCredits }) => ({
    nodeId,
    nodeType,
    credits: minCredits,
  }));
  const message = `This needs at least ${requiredCredits} credits, and ${availableCredits} are available. Add credits.`;
  const details = { requiredCredits, availableCredits, breakdown };
  return new ApiError({ status: 402, code: 'insufficient_credits', message, details });
}
