import { z } from 'zod';
import type { NodeDefinition, NodeRequest, Price, ProviderReply } from '../node-definition';
import { GEMINI_ASPECT_RATIOS, OPENAI_IMAGE_SIZES } from './aspect-ratios';
import { changePort, imageOut, imagesPort, outputFormat, prompt, promptPort } from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { field, optionalText, textBytes } from './request';
import { countOf, oneOf } from './table/fields';
import { perPicture } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { falImage, falQueue } from './wire/fal';
import { openaiEdits, openaiImage, openaiImages, openaiUsage } from './wire/openai';

/** gpt-image-2, as itself and where it stands in for another model. */

/** US dollars per token. */
const USD_PER_TOKEN = { textInput: 5e-6, imageInput: 8e-6, output: 30e-6 };
/**
 * Of a picture that goes in, at most: fal's price for an edit of 1024 pixels is $0.008 to $0.012 above the one for the
 * same picture without (LiteLLM 1.109.1).
 */
const PICTURE_IN_TOKENS = 1_600;
type Quality = 'low' | 'medium' | 'high';
/** Told per picture of one megapixel: $0.006, $0.053, $0.211; half as much again covers the wider sizes. */
const USD_MAX: Readonly<Record<Quality, number>> = { low: 0.012, medium: 0.08, high: 0.32 };

function gptPrice(
  quality: (request: NodeRequest) => Quality,
  pictures: (request: NodeRequest) => number = () => 0,
): Price {
  const usd = (request: NodeRequest): number =>
    USD_MAX[quality(request)] +
    (textBytes(request, 'prompt') / 2) * USD_PER_TOKEN.textInput +
    pictures(request) * PICTURE_IN_TOKENS * USD_PER_TOKEN.imageInput;
  return {
    usd,
    billedUsd: (request, reply) => billed(reply) ?? usd(request),
    text: '$5 per million text tokens in, $8 per million image tokens in, $30 per million image tokens out; a square of 1024 pixels is about $0.006 at low, $0.053 at medium, $0.211 at high quality',
    ...readIn('litellm'),
  };
}

function billed(reply: ProviderReply): number | undefined {
  const used = openaiUsage(reply, 'input_tokens', 'output_tokens');
  if (!used) return undefined;
  const told = field(reply.body, 'usage', 'input_tokens_details', 'image_tokens');
  const pictures = typeof told === 'number' ? told : 0;
  const texts = used.input - pictures;
  const { textInput, imageInput, output } = USD_PER_TOKEN;
  return texts * textInput + pictures * imageInput + used.output * output;
}

const drawn = {
  prompt: 'prompt',
  size: oneOf('aspectRatio', OPENAI_IMAGE_SIZES),
  output_format: 'outputFormat',
};
/** The shape follows the picture. */
const changed = { prompt: 'prompt', 'image[]': 'images', output_format: 'outputFormat' };
const picturesIn = (request: NodeRequest): number => countOf(request, 'images');

export function gptStandIn(quality: Quality): CandidateTable {
  return {
    at: openaiImages,
    model: 'gpt-image-2',
    fields: drawn,
    constants: { n: 1, quality },
    reads: openaiImage,
    price: gptPrice(() => quality),
  };
}

/** For a node with ports `images` and `prompt`; up to 16 pictures. */
export function gptEditStandIn(quality: Quality): CandidateTable {
  return {
    at: openaiEdits,
    model: 'gpt-image-2',
    fields: changed,
    constants: { n: 1, quality, size: 'auto' },
    reads: openaiImage,
    price: gptPrice(() => quality, picturesIn),
  };
}

const qualityOf = (request: NodeRequest): Quality => {
  const quality = optionalText(request, 'quality');
  return quality === 'low' || quality === 'medium' ? quality : 'high';
};
const quality = z.enum(['low', 'medium', 'high']).default('medium');
const background = z.enum(['opaque', 'transparent']).optional().describe('Only OpenAI makes it transparent.');

export const openaiImageNodes: readonly NodeDefinition[] = [
  providerNode({
    type: 'generate:gpt_image_2',
    label: 'GPT image 2',
    description: 'Follows long instructions closely, with exact lettering, by OpenAI.',
    config: nodeConfig({
      prompt,
      aspectRatio: z.enum(GEMINI_ASPECT_RATIOS).default('1:1'),
      quality,
      background,
      outputFormat,
    }),
    inputs: { prompt: promptPort },
    outputs: imageOut,
    candidates: [
      {
        at: openaiImages,
        model: 'gpt-image-2',
        fields: { ...drawn, quality: 'quality', background: 'background' },
        constants: { n: 1 },
        reads: openaiImage,
        price: gptPrice(qualityOf),
      },
      // An equivalent, not the same model.
      {
        at: falQueue,
        model: 'fal-ai/nano-banana-pro',
        fields: { prompt: 'prompt', aspect_ratio: 'aspectRatio', output_format: 'outputFormat' },
        constants: { num_images: 1, resolution: '1K' },
        ignores: ['quality'],
        reads: falImage,
        price: perPicture(0.15, readIn('fal')),
      },
    ],
    expectedSeconds: 40,
  }),
  providerNode({
    type: 'edit:gpt_image_2',
    label: 'GPT image 2 edit',
    description: 'Changes or combines up to 16 pictures along long instructions, by OpenAI.',
    config: nodeConfig({ prompt, quality, background, outputFormat }),
    inputs: { images: imagesPort, prompt: changePort },
    outputs: imageOut,
    candidates: [
      {
        at: openaiEdits,
        model: 'gpt-image-2',
        fields: { ...changed, quality: 'quality', background: 'background' },
        constants: { n: 1, size: 'auto' },
        reads: openaiImage,
        price: gptPrice(qualityOf, picturesIn),
      },
      // An equivalent, not the same model.
      {
        at: falQueue,
        model: 'fal-ai/nano-banana-pro/edit',
        fields: { prompt: 'prompt', image_urls: 'images', output_format: 'outputFormat' },
        constants: { num_images: 1, resolution: '1K' },
        ignores: ['quality'],
        reads: falImage,
        price: perPicture(0.15, readIn('fal')),
      },
    ],
    expectedSeconds: 40,
  }),
];
