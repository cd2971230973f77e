import { createHmac, timingSafeEqual } from 'node:crypto';

export interface AssetUrlToSign {
  /** Absolute path of the URL, such as `/api/v1/assets/ast_…/content`. Anybody who has the signed URL may read it. */
  readonly path: string;
  /** Milliseconds since 1970; cut to whole seconds. */
  readonly expiresAtMs: number;
}

/** Adds `?expires=<unix seconds>&signature=<HMAC>` to a path. The first secret signs. */
export function signAssetUrl(secrets: readonly string[], url: AssetUrlToSign): string {
  const [secret] = secrets;
  if (secret === undefined) throw new Error('no secret to sign asset URLs with: set EVERFRAME_SECRET');
  const expires = String(Math.floor(url.expiresAtMs / 1000));
  return `${url.path}?expires=${expires}&signature=${signature(secret, url.path, expires)}`;
}

export type AssetUrlCheck = 'valid' | 'expired' | 'forged';

/**
 * Checks a URL made by {@link signAssetUrl}; GET and HEAD are the same. Any change of the path, the expiry or the
 * parameters makes it `forged`. Valid up to and including its second of expiry.
 * @param pathAndQuery as received
 * @param secrets all that may have signed, so that a secret can be rotated
 */
export function verifyAssetUrl(
  secrets: readonly string[],
  pathAndQuery: string,
  nowMs: number,
): AssetUrlCheck {
  const match = /^([^?#]+)\?expires=(\d{1,12})&signature=([A-Za-z0-9_-]{43})$/.exec(pathAndQuery);
  const [, path, expires, given] = match ?? [];
  if (path === undefined || expires === undefined || given === undefined) return 'forged';
  const isGenuine = secrets.some((secret) => isEqual(signature(secret, path, expires), given));
  if (!isGenuine) return 'forged';
  return Math.floor(nowMs / 1000) <= Number(expires) ? 'valid' : 'expired';
}

function signature(secret: string, path: string, expires: string): string {
  return createHmac('sha256', secret).update(`GET\n${path}\n${expires}`).digest('base64url');
}

function isEqual(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}
