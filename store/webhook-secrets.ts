import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { openSecret, sealSecret } from './secret-box';

/** Standard Webhooks 1.0.0: 24 to 64 bytes. */
const SECRET_BYTES = 32;
const PREFIX = 'whsec_';

const storedSchema = z.object({ secret: z.string(), untilMs: z.number().nullable() });

/** `whsec_…`, and when it stops to count; null: never. */
export type WebhookSecret = z.infer<typeof storedSchema>;

export interface NewSecret {
  /** Shown once. */
  readonly secret: string;
  readonly sealed: string;
}

/** @param keys - The process's own secrets; the first seals. */
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

/** Secrets that count now, the newest first. */
export function readSecrets(
  keys: readonly string[],
  sealedSecrets: readonly string[],
  nowMs: number,
): readonly WebhookSecret[] {
  return sealedSecrets
    .map((sealed) => storedSchema.parse(JSON.parse(openSecret(keys, sealed))))
    .filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
}

function seal(keys: readonly string[], stored: WebhookSecret): string {
  return sealSecret(keys, JSON.stringify(stored));
}
