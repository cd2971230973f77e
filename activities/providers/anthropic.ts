import type { JsonObject, JsonValue } from '../../workflows/contract';
import {
  isJsonObject,
  jsonObjectSchema,
  providerError,
  requestJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
} from './http';
import { defineProvider, type OperationRequest, type ProviderCall } from './provider';
import type { ProviderErrorKind } from './provider-error';

const dialect: HttpDialect = {
  provider: 'anthropic',
  label: 'Anthropic',
  credentialVariable: 'ANTHROPIC_API_KEY',
  authorize: (credential) => ({
    authorization: `Bearer ${credential}`,
    'anthropic-version': '2026-10-21',
  }),
  readError,
  // An error object means that the call ended without a message; the vendor's SDK itself sends again after 5xx.
  serverErrorsAreDefinite: true,
};

/**
 * Anthropic: `messages` is one synchronous call whose answer is the result. Under version 2026-10-21 there is no
 * `temperature`, `top_p` or `top_k`. A refusal comes as HTTP 200 with `stop_reason: "refusal"`. No idempotency key is
 * documented, so a call that broke off stays unknown.
 *
 * @see @anthropic-ai/sdk 1.11.0 and platform.claude.com (Versions, Errors, Rate limits), read 2026-11-21
 */
export const anthropic = defineProvider({
  id: 'anthropic',
  label: 'Anthropic',
  baseUrl: {
    variable: 'ANTHROPIC_BASE_URL',
    live: 'https://api.anthropic.com',
    sandboxPath: '/anthropic',
  },
  credentialVariable: 'ANTHROPIC_API_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  readLimitRestMs,
  operations: {
    messages: {
      kind: 'sync',
      call: async ({ model, input }: OperationRequest, call: ProviderCall) => {
        const url = `${call.baseUrl}/v1/messages`;
        const request = { purpose: 'call', method: 'POST', url, json: { model, ...input } } as const;
        const { body } = await requestJson(dialect, call, request, jsonObjectSchema);
        refuseRefusal(body, call);
        return { body };
      },
    },
  },
});

/** What was said up to a refusal is billed. */
function refuseRefusal(body: JsonObject, call: ProviderCall): void {
  if (body['stop_reason'] !== 'refusal') return;
  const category = textOf(memberOf(body['stop_details'])['category']);
  const code = category === undefined ? 'refusal' : `refusal: ${category}`;
  throw providerError(dialect, call, { kind: 'refused', code, httpStatus: 200, billed: true });
}

const KINDS: Readonly<Record<string, ProviderErrorKind>> = {
  contract_spend_limit_reached: 'billing',
  enforced_spend_limit_reached: 'billing',
  linked_organization_spend_limit_reached: 'billing',
  linked_organization_billing_unavailable: 'billing',
  billing_error: 'billing',
  authentication_error: 'authentication',
  permission_error: 'authentication',
};

function readError({ body }: ErrorAnswer): ErrorReading {
  const error = memberOf(body['error']);
  const type = textOf(error['type']);
  const code = textOf(memberOf(error['details'])['error_code']);
  // An empty wallet is a 400 like any other but for its words (seen in public issues, read 2026-11-26).
  const isBroke = /credit balance is too low/i.test(textOf(error['message']) ?? '');
  return {
    kind: KINDS[code ?? ''] ?? KINDS[type ?? ''] ?? (isBroke ? 'billing' : undefined),
    code: code ?? type,
  };
}

const LIMITS = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;

/** Below this share of a limit we wait for it: other workers and programs send under the same key. */
const NEARLY_USED_UP = 0.02;

/** Resets are points in time (RFC 3339): measured from the answer's own date, so that no clock of ours counts. */
function readLimitRestMs(headers: Headers): number | undefined {
  const sentAt = Date.parse(headers.get('date') ?? '');
  const rests = LIMITS.flatMap((limit) => {
    const left = numberIn(headers, `anthropic-ratelimit-${limit}-remaining`);
    const whole = numberIn(headers, `anthropic-ratelimit-${limit}-limit`);
    if (left === undefined || (left > 0 && left >= (whole ?? 0) * NEARLY_USED_UP)) return [];
    return [Date.parse(headers.get(`anthropic-ratelimit-${limit}-reset`) ?? '') - sentAt];
  });
  const longest = Math.max(0, ...rests.filter(Number.isFinite));
  return longest === 0 ? undefined : Math.min(longest, 3_600_000);
}

function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function memberOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
