import { createHmac } from 'node:crypto';
import { signAssetUrl, verifyAssetUrl, type AssetUrlCheck } from '../store/assets/signed-url';
import type { ApiSettings } from './dependencies';

const HOUR_MS = 3_600_000;
/** A URL is valid for at least this long. */
const LIFETIME_MS = 24 * HOUR_MS;

export function assetContentPath(assetId: string): string {
  return `/api/v1/assets/${assetId}/content`;
}

/**
 * Absolute URL of an asset's bytes, valid for 24 to 25 hours: the same for an hour, so that repeated polls and browser
 * caches see one URL. Signed for one account: a value of a user's that merely looks like a reference to a foreign asset
 * gets a URL that opens nothing.
 */
export function assetUrl(settings: ApiSettings, accountId: string, assetId: string, nowMs: number): string {
  const expiresAtMs = Math.ceil(nowMs / HOUR_MS) * HOUR_MS + LIFETIME_MS;
  const secrets = accountSecrets(settings.assetSecrets, accountId);
  return settings.publicUrl + signAssetUrl(secrets, { path: assetContentPath(assetId), expiresAtMs });
}

/**
 * Checks a URL made for the asset's owner, or by the worker for a provider, which signs with the plain secret.
 *
 * @param pathAndQuery - As received.
 */
export function checkAssetUrl(
  settings: ApiSettings,
  ownerAccountId: string,
  pathAndQuery: string,
  nowMs: number,
): AssetUrlCheck {
  const secrets = [...accountSecrets(settings.assetSecrets, ownerAccountId), ...settings.assetSecrets];
  return verifyAssetUrl(secrets, pathAndQuery, nowMs);
}

function accountSecrets(secrets: readonly string[], accountId: string): readonly string[] {
  return secrets.map((secret) => createHmac('sha256', secret).update(`asset-url/${accountId}`).digest('hex'));
}
