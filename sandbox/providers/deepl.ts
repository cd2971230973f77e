import express, { type Request, type Response } from 'express';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { turnAway } from '../core/accept-job';
import { seedFrom } from '../core/canonical-json';
import { performJob } from '../core/perform-job';
import { outputBytes } from '../core/serve-job';
import type { Services } from '../core/services';
import { credentialOf, jsonBody, send, type Answer, type ProviderErrors, type Visit } from '../core/visit';
import { languageOf } from '../media/words';
import type { SandboxProvider } from '../provider';

/**
 * DeepL's text translation, as a form and as JSON (deepl-node 1.28.0 sends forms; read 2026-11-26), and the use of the
 * account. Base: `/deepl`.
 */
export const deepl: SandboxProvider = {
  id: 'deepl',
  routes: (services) => {
    const router = express.Router();
    const visitOf = (request: Request, response: Response): Visit => ({
      services,
      provider: 'deepl',
      errors: deeplErrors,
      request,
      response,
      receivedAt: new Date().toISOString(),
    });
    router.use((request, response, next) => void requireKey(visitOf(request, response), next));
    router.post('/v2/translate', (request, response) => translate(visitOf(request, response)));
    router.all('/v2/usage', (_request, response) =>
      send(response, {
        status: 200,
        body: { character_count: usedCharacters(services), character_limit: 1e9 },
      }),
    );
    router.use((_request, response) => send(response, deeplError(404, 'Not found')));
    return router;
  },
};

const deeplError = (status: number, message: string): Answer => ({ status, body: { message } });

const deeplErrors: ProviderErrors = {
  unauthorized: () => deeplError(403, 'Authorization failure, check auth_key'),
  rateLimited: (retryAfterSeconds) => ({
    ...deeplError(429, 'Too many requests'),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }),
  insufficientQuota: () => deeplError(456, 'Quota Exceeded'),
  serverError: (status) =>
    deeplError(status, status === 503 ? 'Resource temporarily unavailable' : 'Internal error'),
  // DeepL refuses no content: a planned refusal is a request that it does not take.
  refused: () => deeplError(400, 'Bad request'),
};

async function requireKey(visit: Visit, next: () => void): Promise<void> {
  const isKey = /^DeepL-Auth-Key\s/.test(visit.request.get('authorization') ?? '');
  if (isKey && credentialOf(visit.request) !== undefined) return next();
  await turnAway(visit, '', '', 'unauthorized', deeplErrors.unauthorized());
}

const languages: Readonly<Record<string, string>> = {
  ...{ AR: 'Arabic', BG: 'Bulgarian', CS: 'Czech', DA: 'Danish', DE: 'German', EL: 'Greek', EN: 'English' },
  ...{ ES: 'Spanish', ET: 'Estonian', FI: 'Finnish', FR: 'French', HU: 'Hungarian', ID: 'Indonesian' },
  ...{ IT: 'Italian', JA: 'Japanese', KO: 'Korean', LT: 'Lithuanian', LV: 'Latvian', NB: 'Norwegian' },
  ...{ NL: 'Dutch', PL: 'Polish', PT: 'Portuguese', RO: 'Romanian', RU: 'Russian', SK: 'Slovak' },
  ...{ SL: 'Slovenian', SV: 'Swedish', TR: 'Turkish', UK: 'Ukrainian', ZH: 'Chinese' },
};

const flag = z.union([z.boolean(), z.enum(['0', '1'])]).transform((value) => value === true || value === '1');

const translateInput = z.object({
  text: z.array(z.string().min(1)).min(1).max(50),
  target_lang: z
    .string()
    .transform((code) => code.toUpperCase())
    .refine((code) => (code.split('-')[0] ?? '') in languages),
  source_lang: z.string().optional(),
  formality: z.enum(['default', 'more', 'less', 'prefer_more', 'prefer_less']).optional(),
  model_type: z.enum(['quality_optimized', 'prefer_quality_optimized', 'latency_optimized']).optional(),
  context: z.string().optional(),
  show_billed_characters: flag.optional(),
});

/** $25 per million characters. */
async function translate(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request) ?? formBody(visit.request);
  const input = translateInput.safeParse(body);
  if (!input.success) {
    const what = input.error.issues[0]?.path.join('.') ?? '';
    return turnAway(visit, '', '', 'invalid', deeplError(400, `Value for '${what}' not supported.`));
  }
  const {
    text: texts,
    target_lang: target,
    source_lang: source,
    model_type,
    show_billed_characters,
  } = input.data;
  const language = languages[target.split('-')[0] ?? ''] ?? target;
  const instruction = `Translate to ${language}.`;
  const seed = seedFrom(body);
  const draft = {
    id: randomBytes(12).toString('hex'),
    provider: 'deepl',
    model: model_type ?? 'quality_optimized',
    operation: 'translate',
    input: body,
    prompt: texts.join('\n'),
    recipes: texts.map((text) => ({ kind: 'answer', instruction, text, images: [], seed }) as const),
    priceUsd: [...texts.join('')].length * 25e-6,
  };
  const job = await performJob(visit, draft, 'answer', () => deeplErrors.serverError(500));
  if (job === undefined) return;
  const translations = texts.map(async (text, index) => ({
    detected_source_language: source?.toUpperCase() ?? languageOf(text).toUpperCase(),
    text: (await outputBytes(visit.services, job, index)).toString('utf8'),
    ...(show_billed_characters === true ? { billed_characters: [...text].length } : {}),
    ...(model_type === undefined ? {} : { model_type_used: model_type.replace('prefer_', '') }),
  }));
  send(visit.response, { status: 200, body: { translations: await Promise.all(translations) } });
}

/** Repeated names are lists; `text` is one always. */
function formBody(request: Request): Record<string, unknown> {
  const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
  return { ...Object.fromEntries(form), text: form.getAll('text') };
}

function usedCharacters({ ledger }: Services): number {
  const finished = ledger.entries({ provider: 'deepl' }).filter(({ billed }) => billed);
  return finished.reduce((sum, { priceUsd = 0 }) => sum + Math.round(priceUsd / 25e-6), 0);
}
