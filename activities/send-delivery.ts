import { Webhook } from 'standardwebhooks';
import { deliveries } from '../store/database/deliveries';
import type { AttemptRecord, OpenDelivery } from '../store/database/deliveries/send-deliveries';
import { newWebhookSecret, readSecrets } from '../store/webhook-secrets';
import type { DeliveryInput, SendDeliveryResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { FetchFailure } from './fetch/fetch-failure';
import { readRetryAfterMs } from './providers/http-retry-after';

/** Nothing of the answer is used but its status and headers. */
const ANSWER_BYTES_MAX = 65_536;
/** Of a pause, added at random: receivers that were away are not asked by all at once. */
const JITTER = 0.1;

type Dependencies = Pick<ActivityDependencies, 'database' | 'guardedFetch' | 'settings' | 'now' | 'random'>;

/**
 * Calls a receiver once and records what became of it. 2xx is success; a redirect is a failure as any other answer, since
 * following it could leave for an address that was not meant; 410 ends its subscription.
 */
export async function sendDelivery(
  deps: Dependencies,
  input: DeliveryInput & { readonly attempt: number },
): Promise<SendDeliveryResult> {
  const delivery = await deliveries.open(deps.database, input);
  if (delivery === undefined) return { status: 'ended' };
  const answer = await call(deps, delivery);
  const outcome = judge(deps, answer, input.attempt);
  const { latencyMs, httpStatus, error } = answer;
  await deliveries.recordAttempt(deps.database, { ...input, latencyMs, httpStatus, error, outcome });
  return outcome.kind === 'again' ? { status: 'again', afterMs: outcome.afterMs } : { status: 'ended' };
}

interface Answer {
  readonly latencyMs: number;
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly retryAfterMs?: number;
  /** It will be no better next time. */
  readonly isHopeless?: boolean;
}

async function call(deps: Dependencies, delivery: OpenDelivery): Promise<Answer> {
  const startedMs = deps.now();
  const { body, headers } = await sign(deps, delivery);
  const took = () => Math.max(0, Math.round(deps.now() - startedMs));
  try {
    const response = await deps.guardedFetch.fetchStream(delivery.url, {
      ...{ method: 'POST', headers, body },
      ...{ timeoutMs: deps.settings.webhookTimeoutMs, maxBytes: ANSWER_BYTES_MAX },
    });
    response.discard();
    const { status } = response;
    const isDelivered = status >= 200 && status < 300;
    const error = isDelivered ? null : `The receiver answered ${status}.`;
    return {
      latencyMs: took(),
      httpStatus: status,
      error,
      retryAfterMs: readRetryAfterMs(response.headers, deps.now()),
    };
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    const isHopeless = error.reason === 'invalid_request';
    return { latencyMs: took(), httpStatus: null, error: error.message, isHopeless };
  }
}

function judge(deps: Dependencies, answer: Answer, attempt: number): AttemptRecord['outcome'] {
  if (answer.error === null) return { kind: 'delivered' };
  if (answer.httpStatus === 410) return { kind: 'gone' };
  const pauseSeconds = deps.settings.webhookRetrySeconds[attempt];
  if (pauseSeconds === undefined || answer.isHopeless) return { kind: 'failed' };
  const pauseMs = pauseSeconds * 1_000 * (1 + JITTER * deps.random());
  return { kind: 'again', afterMs: Math.round(Math.max(pauseMs, answer.retryAfterMs ?? 0)) };
}

/** The id is the same in all tries, the timestamp is that of the try; while secrets overlap each of them signs. */
async function sign(deps: Dependencies, delivery: OpenDelivery) {
  const { id, type, data, createdAt, executionId } = delivery;
  const { localUrl, publicUrl = localUrl } = deps.settings;
  const links = { poll: `${publicUrl}/api/v1/workflows/executions/${executionId}/poll` };
  const body = JSON.stringify({ type, timestamp: createdAt.toISOString(), data: { ...data, links } });
  const at = new Date(deps.now());
  const secrets = await signingSecrets(deps, delivery);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
  return { body, headers };
}

async function signingSecrets(
  { database, settings, now }: Dependencies,
  { accountId, sealedSecrets }: OpenDelivery,
): Promise<readonly string[]> {
  const keys = [settings.secret];
  const make = () => newWebhookSecret(keys).sealed;
  const sealed = sealedSecrets ?? (await deliveries.ensureSecret(database, accountId, make));
  return readSecrets(keys, sealed, now()).map(({ secret }) => secret);
}
