import type { z } from 'zod';
import type { NodeDefinition, NodeRequest, Price } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalNumber, optionalText } from './request';
import { computed, text, type FieldSource } from './table/fields';
import { providerNode, type ProviderNode } from './table/provider-node';
import {
  aspectRatios,
  endImagePort,
  hasAudio,
  imagePort,
  lengths,
  negativePrompt,
  prompt,
  promptPort,
  resolutions,
  seed,
  videoOut,
} from './video-fields';
import { falFile, falQueue } from './wire/fal';
import { replicateFile, replicatePrediction } from './wire/replicate';

const PROMPT_LENGTH_MAX = 20_000;

/** `8s`: fal's way to write it. */
const withUnit = computed(
  ['durationSeconds'],
  (request) => `${optionalNumber(request, 'durationSeconds') ?? 8}s`,
);

/** A way to use Veo: its endpoint at fal, and what it is given at each provider. */
interface VeoUse {
  readonly type: string;
  readonly label: string;
  readonly description: string;
  readonly falModel: string;
  readonly media: ProviderNode['inputs'];
  readonly atFal: Readonly<Record<string, FieldSource>>;
  readonly atReplicate: Readonly<Record<string, FieldSource>>;
  /** fal's reference endpoint takes neither. */
  readonly isPlain?: boolean;
}

const USES: readonly VeoUse[] = [
  {
    type: 'video:veo_3_1_t2v',
    label: 'Veo 3.1 (text to video)',
    description: 'Makes a clip of a text, with sound when asked.',
    falModel: 'fal-ai/veo3.1',
    media: {},
    atFal: {},
    atReplicate: {},
  },
  {
    type: 'video:veo_3_1_i2v',
    label: 'Veo 3.1 (image to video)',
    description: 'Moves a picture as the prompt says, with sound when asked.',
    falModel: 'fal-ai/veo3.1/image-to-video',
    media: { image: imagePort },
    atFal: { image_url: 'image' },
    atReplicate: { image: 'image' },
  },
  {
    type: 'video:veo_3_1_first_last_frame',
    label: 'Veo 3.1 (first and last frame)',
    description: 'Makes what happens between two pictures.',
    falModel: 'fal-ai/veo3.1/first-last-frame-to-video',
    media: { image: imagePort, endImage: { ...endImagePort, required: true } },
    atFal: { first_frame_url: 'image', last_frame_url: 'endImage' },
    atReplicate: { image: 'image', last_frame: 'endImage' },
  },
  {
    type: 'video:veo_3_1_reference',
    label: 'Veo 3.1 (reference to video)',
    description: 'Makes a clip that shows the things and people of up to three pictures.',
    falModel: 'fal-ai/veo3.1/reference-to-video',
    media: {
      images: {
        type: 'image',
        required: true,
        many: true,
        description: 'What is to be seen again, one to three pictures.',
      },
    },
    atFal: { image_urls: 'images' },
    atReplicate: { reference_images: 'images' },
    isPlain: true,
  },
];

export const veoVideoNodes: readonly NodeDefinition[] = USES.map(toNode);

function toNode(use: VeoUse): NodeDefinition {
  const extras: z.ZodRawShape = use.isPlain === true ? {} : { negativePrompt, seed };
  const extraFields: Readonly<Record<string, FieldSource>> =
    use.isPlain === true ? {} : { negative_prompt: 'negativePrompt', seed: 'seed' };
  const shared: Readonly<Record<string, FieldSource>> = {
    prompt: text('prompt', PROMPT_LENGTH_MAX),
    aspect_ratio: 'aspectRatio',
    resolution: 'resolution',
    generate_audio: 'hasAudio',
    ...extraFields,
  };
  return providerNode({
    type: use.type,
    label: use.label,
    description: use.description,
    config: nodeConfig({
      prompt: prompt(PROMPT_LENGTH_MAX),
      durationSeconds: use.isPlain === true ? lengths(8) : lengths(8, 4, 6),
      aspectRatio: aspectRatios('16:9', '9:16'),
      resolution: resolutions('720p', '1080p'),
      hasAudio,
      ...extras,
    }),
    inputs: { prompt: promptPort, ...use.media },
    outputs: videoOut,
    candidates: [
      {
        at: falQueue,
        model: use.falModel,
        fields: { ...shared, ...use.atFal, duration: withUnit },
        reads: falFile('video'),
        price: price('fal’s own, as facts of its page were passed on'),
      },
      {
        at: replicatePrediction,
        model: 'google/veo-3.1',
        fields: { ...shared, ...use.atReplicate, duration: 'durationSeconds' },
        reads: replicateFile('video'),
        price: price('Google’s list price; what Replicate takes could not be read'),
      },
    ],
    expectedSeconds: 120,
  });
}

/** Half of it for a clip without sound. */
function price(note: string): Price {
  const usd = (request: NodeRequest): number =>
    (optionalNumber(request, 'durationSeconds') ?? 8) *
    (optionalText(request, 'hasAudio') === 'false' ? 0.2 : 0.4);
  const { source, readOn } = readIn('litellm');
  const sources = `${source}, with sound; fal.ai llms.txt page of Veo 3, without`;
  return { usd, text: `$0.40 per second with sound, $0.20 without: ${note}`, source: sources, readOn };
}
