import { seedFrom } from '../../core/canonical-json';
import { turnAway } from '../../core/accept-job';
import { tokensOf } from '../../core/conversation';
import { outputBytes } from '../../core/serve-job';
import { jsonBody, send, type Visit } from '../../core/visit';
import { asDataUri, readMultipart } from '../../core/multipart';
import type { Recipe } from '../../media/recipe';
import type { Size } from '../../media/sizes';
import { parsed, performed, type OpenaiDraft } from './call';
import { openaiError, unknownModel } from './errors';
import { imageInput, type ImageInput } from './inputs';

/** POST /images/generations: always base64, as the GPT image models answer. */
export async function generateImages(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, imageInput, body);
  if (input !== undefined) await answerImages(visit, input, body, []);
}

/** POST /images/edits: multipart with `image` or `image[]`, or JSON. */
export async function editImages(visit: Visit): Promise<void> {
  const form = await readMultipart(visit.request.body, visit.request.get('content-type'));
  const images = form?.files.filter(({ field }) => /^image(\[\d*\])?$/.test(field)) ?? [];
  const input = await parsed(visit, imageInput, form?.fields ?? jsonBody(visit.request));
  if (input === undefined) return;
  if (images.length === 0) {
    const answer = openaiError(400, "Missing required parameter: 'image'.", {
      code: 'missing_required_parameter',
      param: 'image',
    });
    return turnAway(visit, input.model, input.prompt, 'invalid', answer);
  }
  const sources = images.map(asDataUri);
  await answerImages(visit, input, { ...form?.fields, images: sources }, sources);
}

async function answerImages(
  visit: Visit,
  input: ImageInput,
  body: unknown,
  sources: readonly string[],
): Promise<void> {
  const { model, prompt } = input;
  if (!/^gpt-image-(1\.5|1-mini|2)|^chatgpt-image-latest$/.test(model)) {
    return turnAway(visit, model, prompt, 'model_not_found', unknownModel(model));
  }
  const size = sizeOf(input.size);
  if (size === undefined) {
    const message = `Invalid size '${input.size}'. Sides must be multiples of 16, the ratio at most 3:1, and no side above 3840.`;
    return turnAway(
      visit,
      model,
      prompt,
      'invalid',
      openaiError(400, message, { code: 'invalid_value', param: 'size' }),
    );
  }
  const job = await performed(visit, draftOf(input, body, size, sources), 'img_');
  if (job === undefined) return;
  const bytes = await Promise.all(job.outputs.map((_, index) => outputBytes(visit.services, job, index)));
  send(visit.response, {
    status: 200,
    body: {
      created: Math.floor(job.createdAt / 1000),
      background: 'opaque',
      data: bytes.map((data) => ({ b64_json: data.toString('base64') })),
      output_format: input.output_format,
      quality: qualityOf(input),
      size: `${size.width}x${size.height}`,
      usage: imageUsage(input, size, sources.length),
    },
  });
}

/** Token prices of gpt-image-2: LiteLLM 1.109.1, autumn 2026. */
function draftOf(input: ImageInput, body: unknown, size: Size, sources: readonly string[]): OpenaiDraft {
  const { model, prompt, n, output_format: format } = input;
  const seed = seedFrom(body);
  const usage = imageUsage(input, size, sources.length);
  const { text_tokens, image_tokens } = usage.input_tokens_details;
  return {
    model,
    operation: 'images',
    input: body,
    prompt,
    recipes: Array.from({ length: n }, (_, index): Recipe => ({
      kind: 'picture',
      prompt,
      seed: seed + index,
      ...size,
      format,
      label: `openai · ${model}`,
      sources,
    })),
    priceUsd: (text_tokens * 5 + image_tokens * 8 + usage.output_tokens * 30) / 1e6,
  };
}

function sizeOf(size: string): Size | undefined {
  if (size === 'auto') return { width: 1024, height: 1024 };
  const [width = 0, height = 0] = size.split('x').map(Number);
  const ratio = width / height;
  return width % 16 === 0 &&
    height % 16 === 0 &&
    ratio <= 3 &&
    ratio >= 1 / 3 &&
    Math.max(width, height) <= 3840
    ? { width, height }
    : undefined;
}

function qualityOf({ quality }: ImageInput): 'low' | 'medium' | 'high' {
  if (quality === 'low' || quality === 'medium') return quality;
  return quality === 'auto' || quality === 'standard' ? 'medium' : 'high';
}

/** Of a picture that goes in: fal asks $0.008 to $0.012 more for an edit (LiteLLM 1.109.1). */
const PICTURE_IN_TOKENS = 1_100;

function imageUsage(input: ImageInput, { width, height }: Size, pictures: number) {
  const perSquare = { low: 272, medium: 1056, high: 4160 }[qualityOf(input)];
  const output = Math.round(((perSquare * width * height) / 1024 ** 2) * input.n);
  const [text, seen] = [tokensOf(input.prompt), pictures * PICTURE_IN_TOKENS];
  return {
    input_tokens: text + seen,
    input_tokens_details: { text_tokens: text, image_tokens: seen },
    output_tokens: output,
    total_tokens: text + seen + output,
  };
}
