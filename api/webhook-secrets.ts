import { randomBytes } from 'node:crypto';
import { Webhook as Verifier } from 'standardwebhooks';
import { z } from 'zod';
import { openSecret, sealSecret } from '../store/secret-box';
import { ApiError } from './api-error';

/** Standard Webhooks 1.0.0: 24 to 64 bytes. */
const SECRET_BYTES = 32;
const PREFIX = 'whsec_';

const storedSchema = z.object({ secret: z.string(), untilMs: z.number().nullable() });
type StoredSecret = z.infer<typeof storedSchema>;

export interface NewSecret {
  /** Shown once. */
  readonly secret: string;
  readonly sealed: string;
}

export function newWebhookSecret(keys: readonly string[]): NewSecret {
  const secret = `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
  return { secret, sealed: seal(keys, { secret, untilMs: null }) };
}

/** The new one first; those before it count until then, and what is over by now goes. */
export function rotateSecrets(
  keys: readonly string[],
  sealedSecrets: readonly string[],
  fresh: NewSecret,
  time: { readonly nowMs: number; readonly overlapMs: number },
): readonly string[] {
  const untilMs = time.nowMs + time.overlapMs;
  const kept = readSecrets(keys, sealedSecrets, time.nowMs)
    .map((stored) => ({ ...stored, untilMs: Math.min(stored.untilMs ?? untilMs, untilMs) }))
    .filter((stored) => stored.untilMs > time.nowMs);
  return [fresh.sealed, ...kept.map((stored) => seal(keys, stored))];
}

/** Secrets that count now. */
export function readSecrets(
  keys: readonly string[],
  sealedSecrets: readonly string[],
  nowMs: number,
): readonly StoredSecret[] {
  return sealedSecrets
    .map((sealed) => storedSchema.parse(JSON.parse(openSecret(keys, sealed))))
    .filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
}

/**
 * Checks the Standard Webhooks signature of a call: `webhook-id`, `webhook-timestamp` (at most 300 s off, before or after),
 * `webhook-signature`.
 *
 * @returns the `webhook-id`, the same in all repeats of one call.
 * @throws ApiError 401 `signature_invalid`
 */
export function verifySignature(
  secrets: readonly StoredSecret[],
  body: Uint8Array,
  header: (name: string) => string | undefined,
): string {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
  const headers = Object.fromEntries(names.map((name) => [name, header(name) ?? '']));
  const text = Buffer.from(body).toString();
  const isSigned = secrets.some(({ secret }) => {
    try {
      new Verifier(secret).verify(text, headers, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  });
  if (isSigned) return headers['webhook-id'] ?? '';
  const message =
    'The signature is missing, wrong, or more than 300 s old. Sign the call as standardwebhooks.com says, with this webhook’s secret.';
  throw new ApiError({ status: 401, code: 'signature_invalid', message });
}

function seal(keys: readonly string[], stored: StoredSecret): string {
  return sealSecret(keys, JSON.stringify(stored));
}
