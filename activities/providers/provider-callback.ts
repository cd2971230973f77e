import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CallbackMessage } from './provider';

/** How far a callback's timestamp may lie from its arrival, seconds, either way; what all providers recommend. */
const WINDOW_SECONDS = 300;

/** A header of a callback whatever the case of its name. */
export function callbackHeader({ headers }: CallbackMessage, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** @param timestamp - Unix seconds as text. */
export function isTimely(timestamp: string, receivedAtMs: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(receivedAtMs / 1_000 - Number(timestamp)) <= WINDOW_SECONDS;
}

/**
 * Checks a callback signed by Standard Webhooks: headers `webhook-id`, `webhook-timestamp` and `webhook-signature`
 * (any of its space-separated `v1,<base64>` may match), HMAC-SHA256 over `id.timestamp.body`, 300 s window.
 *
 * @param secret - `whsec_` and base64.
 */
export function isStandardWebhook(message: CallbackMessage, secret: string): boolean {
  const id = callbackHeader(message, 'webhook-id');
  const timestamp = callbackHeader(message, 'webhook-timestamp');
  const signatures = callbackHeader(message, 'webhook-signature');
  if (id === undefined || timestamp === undefined || signatures === undefined) return false;
  if (!isTimely(timestamp, message.receivedAtMs)) return false;
  const expected = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(message.rawBody)
    .digest();
  return signatures.split(' ').some((signature) => {
    const [version, base64 = ''] = signature.split(',');
    const given = Buffer.from(base64, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

export interface KeyCache<Keys> {
  /**
   * Tries the keys known under this id; when none fits and they may be outdated, tries freshly loaded ones.
   *
   * @throws what `load` throws: without keys nothing can be said about the callback.
   */
  verify(id: string, load: () => Promise<Keys>, fits: (keys: Keys) => boolean): Promise<boolean>;
}

/** A forged callback may make us load keys again, at most this often. */
const RELOAD_AFTER_MS = 60_000;

/**
 * Keeps the public keys or secrets that callbacks are checked with.
 *
 * @param lifetimeMs - Keys older than that are loaded anew in any case.
 */
export function createKeyCache<Keys>(lifetimeMs: number): KeyCache<Keys> {
  const entries = new Map<string, { readonly keys: Keys; readonly loadedAtMs: number }>();
  const ageMs = (id: string): number => performance.now() - (entries.get(id)?.loadedAtMs ?? -Infinity);
  const reload = async (id: string, load: () => Promise<Keys>): Promise<Keys> => {
    const keys = await load();
    entries.set(id, { keys, loadedAtMs: performance.now() });
    return keys;
  };
  return {
    verify: async (id, load, fits) => {
      const known = entries.get(id);
      if (known === undefined || ageMs(id) > lifetimeMs) return fits(await reload(id, load));
      if (fits(known.keys)) return true;
      return ageMs(id) > RELOAD_AFTER_MS && fits(await reload(id, load));
    },
  };
}
