import { z } from 'zod';
import type { JsonObject } from '../../workflows/contract';
import { jsonObjectSchema, requestJson, type ErrorAnswer, type ErrorReading, type HttpDialect } from './http';
import { defineProvider, type SyncOperation } from './provider';

const dialect: HttpDialect = {
  provider: 'recraft',
  label: 'Recraft',
  credentialVariable: 'RECRAFT_API_TOKEN',
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  readError,
  // Nothing says that a 5xx is never billed.
  serverErrorsAreDefinite: false,
};

/**
 * Recraft: `images` makes pictures with a model; `tool` runs an image tool, whose path (`vectorize`, `crispUpscale` …) is
 * the model; what of them takes a model of its own gets it in the input. Bodies are JSON with images as URLs or data
 * URLs. Every call is synchronous; results are links that hold for about 24 hours. `billableUnits` are the vendor's
 * `credits`, 1,000 to the dollar.
 *
 * @see recraft.ai/docs/api-reference (endpoints, image inputs and results, pricing), read 2026-11-26
 */
export const recraft = defineProvider({
  id: 'recraft',
  label: 'Recraft',
  baseUrl: {
    variable: 'RECRAFT_BASE_URL',
    live: 'https://external.api.recraft.ai/v1',
    sandboxPath: '/recraft/v1',
  },
  credentialVariable: 'RECRAFT_API_TOKEN',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: {
    images: operation((model, input) => ['generations', { model, ...input }]),
    tool: operation((model, input) => [model, input]),
  },
});

const answer = jsonObjectSchema.refine((body) => answered.safeParse(body).success);
const answered = z.union([
  z.object({ data: z.array(z.unknown()).min(1) }),
  z.object({ image: z.record(z.string(), z.unknown()) }),
]);

function operation(
  toCall: (model: string, input: JsonObject) => readonly [path: string, json: JsonObject],
): SyncOperation {
  return {
    kind: 'sync',
    call: async ({ model, input }, call) => {
      const [path, json] = toCall(model, input);
      const url = `${call.baseUrl}/images/${path}`;
      const request = { purpose: 'call', method: 'POST', url, json } as const;
      const { body } = await requestJson(dialect, call, request, answer);
      const { credits } = body;
      return { body, ...(typeof credits === 'number' ? { billableUnits: credits } : {}) };
    },
  };
}

/** `{code, message}`. */
function readError({ status, body }: ErrorAnswer): ErrorReading {
  const code = typeof body['code'] === 'string' ? body['code'] : undefined;
  const words = `${code ?? ''} ${typeof body['message'] === 'string' ? body['message'] : ''}`;
  if (status < 500 && /moderat|content polic|not[_ ]allowed[_ ]content|nsfw/i.test(words)) {
    return { kind: 'refused', code };
  }
  if (status < 500 && /not enough (credits|units)|insufficient (credits|units|balance)/i.test(words)) {
    return { kind: 'billing', code };
  }
  return { code };
}
