import express, { type Request, type Response } from 'express';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { turnAway } from '../core/accept-job';
import { seedFrom } from '../core/canonical-json';
import type { Job } from '../core/job';
import { performJob } from '../core/perform-job';
import { outputBytes, serveOutput } from '../core/serve-job';
import type { Services } from '../core/services';
import {
  credentialOf,
  jsonBody,
  originOf,
  send,
  type Answer,
  type ProviderErrors,
  type Visit,
} from '../core/visit';
import { sizeOf, type Size } from '../media/sizes';
import type { SandboxProvider } from '../provider';

/**
 * BytePlus Ark's images (vercel/ai packages/bytedance 1.0.29, read 2026-11-26). Base: `/ark/api/v3`; pictures under
 * `/ark/tos`. Codes of errors beyond their general form have no source.
 */
export const ark: SandboxProvider = {
  id: 'ark',
  routes: (services) => {
    const router = express.Router();
    const visit = (request: Request, response: Response): Visit => visitOf(services, request, response);
    router.get('/tos/:id/:index', async (request, response) => {
      const job = services.jobs.get('ark', request.params.id);
      if (job === undefined) return send(response, notFound);
      await serveOutput(visit(request, response), job, Number.parseInt(request.params.index, 10), notFound);
    });
    router.use((request, response, next) => void requireKey(visit(request, response), next));
    router.post('/api/v3/images/generations', (request, response) => generate(visit(request, response)));
    router.use((_request, response) => send(response, notFound));
    return router;
  },
};

function arkError(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message, param: '', type: code } } };
}

const notFound = arkError(404, 'NotFound', 'The requested resource was not found.');

const errors: ProviderErrors = {
  unauthorized: () =>
    arkError(401, 'AuthenticationError', 'The API key in the request is missing or invalid.'),
  rateLimited: (seconds) => ({
    ...arkError(429, 'RateLimitExceeded.EndpointRPMExceeded', 'The rate limit of the endpoint was exceeded.'),
    headers: { 'retry-after': String(seconds) },
  }),
  insufficientQuota: () => arkError(403, 'AccountOverdueError', 'The account has an overdue balance.'),
  serverError: (status) => arkError(status, 'InternalServiceError', 'The service has an internal error.'),
  refused: () =>
    arkError(400, 'InputTextSensitiveContentDetected', 'The input text may contain sensitive information.'),
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'ark', errors, request, response, receivedAt };
}

async function requireKey(visit: Visit, next: () => void): Promise<void> {
  const isBearer = /^Bearer\s/.test(visit.request.get('authorization') ?? '');
  if (isBearer && credentialOf(visit.request) !== undefined) return next();
  await turnAway(visit, visit.request.path, '', 'unauthorized', errors.unauthorized());
}

const imageInput = z.object({
  model: z.string(),
  prompt: z.string().min(1),
  image: z.union([z.string(), z.array(z.string()).max(14)]).optional(),
  size: z.string().default('2K'),
  seed: z.int().optional(),
  sequential_image_generation: z.enum(['disabled', 'auto']).default('disabled'),
  sequential_image_generation_options: z.object({ max_images: z.int().min(1).max(15) }).optional(),
  response_format: z.enum(['url', 'b64_json']).default('url'),
  output_format: z.enum(['png', 'jpeg']).default('jpeg'),
  watermark: z.boolean().default(true),
  optimize_prompt_options: z.object({ mode: z.enum(['standard', 'fast']) }).optional(),
});
type ImageInput = z.output<typeof imageInput>;

/** US dollars a picture: Comfy partner node price list (docs.comfy.org), 2026-08-21. */
const PRICES: readonly (readonly [RegExp, number])[] = [
  [/^seedream-4-0-\d+$/, 0.03],
  [/^seedream-4-5-\d+$/, 0.04],
  [/^seedream-5-0-(lite-)?\d+$/, 0.035],
];

async function generate(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const parsed = imageInput.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const message = `The parameter \`${issue?.path.join('.') ?? ''}\` is not valid: ${issue?.message ?? ''}`;
    return turnAway(visit, '', '', 'invalid', arkError(400, 'InvalidParameter', message));
  }
  const { model, prompt } = parsed.data;
  const price = PRICES.find(([pattern]) => pattern.test(model))?.[1];
  if (price === undefined) {
    const message = `The model or endpoint ${model} does not exist or you do not have access to it.`;
    const answer = arkError(404, 'InvalidEndpointOrModel.NotFound', message);
    return turnAway(visit, model, prompt, 'model_not_found', answer);
  }
  const job = await performJob(visit, draftOf(parsed.data, body, price), 'answer', ({ failure }) =>
    failure?.kind === 'source'
      ? arkError(400, 'InvalidParameter', 'The image could not be downloaded or read.')
      : errors.serverError(500),
  );
  if (job !== undefined) send(visit.response, await answerOf(visit, job, parsed.data));
}

function draftOf(input: ImageInput, body: unknown, price: number) {
  const count =
    input.sequential_image_generation === 'auto'
      ? (input.sequential_image_generation_options?.max_images ?? 1)
      : 1;
  const sources = input.image === undefined ? [] : [input.image].flat();
  const seed = input.seed ?? seedFrom(body);
  return {
    id: randomUUID(),
    provider: 'ark',
    model: input.model,
    operation: 'images',
    input: body,
    prompt: input.prompt,
    recipes: Array.from({ length: count }, (_, index) => ({
      kind: 'picture' as const,
      prompt: input.prompt,
      seed: seed + index,
      ...pixelsOf(input.size),
      format: input.output_format,
      label: `ark · ${input.model}`,
      ...(sources.length > 0 ? { sources } : {}),
    })),
    priceUsd: price * count,
  };
}

/** `2048x2048`, or a resolution such as `2K`. */
function pixelsOf(size: string): Size {
  const [width = 0, height = 0] = size.split('x').map(Number);
  if (width > 0 && height > 0) return { width, height };
  const side = { '1K': 1024, '2K': 2048, '4K': 4096 }[size] ?? 2048;
  return sizeOf('1:1', side * side);
}

async function answerOf(
  visit: Visit,
  job: Job,
  { model, response_format: form }: ImageInput,
): Promise<Answer> {
  const data = await Promise.all(
    job.outputs.map(async (file, index) => {
      const size = `${file.width ?? 0}x${file.height ?? 0}`;
      if (form === 'b64_json') {
        return { b64_json: (await outputBytes(visit.services, job, index)).toString('base64'), size };
      }
      return { url: `${originOf(visit.request)}/ark/tos/${job.id}/${index}.${file.extension}`, size };
    }),
  );
  const usage = { generated_images: data.length, output_tokens: 4096 * data.length, total_tokens: 4096 };
  return { status: 200, body: { model, created: Math.floor(job.createdAt / 1000), data, usage } };
}
