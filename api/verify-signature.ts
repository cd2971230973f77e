import { Webhook as Verifier } from 'standardwebhooks';
import type { WebhookSecret } from '../store/webhook-secrets';
import { ApiError } from './api-error';

/**
 * Checks the Standard Webhooks signature of a call: `webhook-id`, `webhook-timestamp` (at most 300 s off, before or after),
 * `webhook-signature`.
 *
 * @returns the `webhook-id`, the same in all repeats of one call.
 * @throws ApiError 401 `signature_invalid`
 */
export function verifySignature(
  secrets: readonly WebhookSecret[],
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
