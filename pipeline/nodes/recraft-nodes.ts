import type { NodeDefinition } from '../node-definition';
import {
  aspectRatio,
  changePort,
  falSize,
  imageOut,
  imagePort,
  negativePrompt,
  prompt,
  promptPort,
  strength,
  vectorOut,
} from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { text } from './table/fields';
import { perPicture } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { falImage, falImageAs, falQueue } from './wire/fal';
import { recraftFile, recraftImages, recraftTool } from './wire/recraft';
import { replicateFile, replicatePrediction } from './wire/replicate';

const LENGTH_V4 = 10_000;
const LENGTH_V3 = 1_000;

interface Model {
  readonly type: string;
  readonly label: string;
  readonly description: string;
  readonly falModel: string;
  readonly model: string;
  readonly usd: number;
  /** How fal's price is known, where its page says nothing. */
  readonly falNote?: string;
  readonly lengthMax?: number;
  readonly isVector?: boolean;
  readonly more?: readonly CandidateTable[];
}

function generate({ falModel, model, usd, falNote, isVector = false, ...rest }: Model): NodeDefinition {
  const { type, label, description, lengthMax = LENGTH_V4, more = [] } = rest;
  return providerNode({
    type,
    label,
    description,
    config: nodeConfig({ prompt, aspectRatio }),
    inputs: { prompt: promptPort },
    outputs: isVector ? vectorOut : imageOut,
    candidates: [
      {
        at: falQueue,
        model: falModel,
        fields: { prompt: text('prompt', lengthMax), image_size: falSize },
        reads: isVector ? falImageAs('vector') : falImage,
        price: perPicture(usd, readIn('fal', falNote)),
      },
      {
        at: recraftImages,
        model,
        fields: { prompt: text('prompt', lengthMax), size: 'aspectRatio' },
        constants: { n: 1, response_format: 'url' },
        reads: recraftFile(isVector ? 'vector' : 'image'),
        price: perPicture(usd, readIn('recraft')),
      },
      ...more,
    ],
    expectedSeconds: 15,
  });
}

const atReplicate: CandidateTable = {
  at: replicatePrediction,
  model: 'recraft-ai/recraft-v4',
  fields: { prompt: text('prompt', LENGTH_V4), aspect_ratio: 'aspectRatio' },
  reads: replicateFile('image'),
  price: perPicture(0.04, readIn('recraft', 'the vendor’s price; not confirmed by Replicate')),
};

const restyle = providerNode({
  type: 'edit:recraft_restyle',
  label: 'Recraft image to image',
  description: 'Draws a picture anew as the prompt says, near to or far from the first one.',
  config: nodeConfig({ prompt, strength: strength.default(0.5), negativePrompt }),
  inputs: { image: imagePort, prompt: changePort },
  outputs: imageOut,
  candidates: [
    {
      at: recraftTool,
      model: 'imageToImage',
      fields: {
        prompt: text('prompt', LENGTH_V3),
        image_url: 'image',
        strength: 'strength',
        negative_prompt: 'negativePrompt',
      },
      constants: { model: 'recraftv3', n: 1, response_format: 'url' },
      reads: recraftFile('image'),
      price: perPicture(0.04, readIn('recraft')),
    },
    {
      at: falQueue,
      model: 'fal-ai/recraft/v3/image-to-image',
      fields: {
        prompt: text('prompt', LENGTH_V3),
        image_url: 'image',
        strength: 'strength',
        negative_prompt: 'negativePrompt',
      },
      reads: falImage,
      price: perPicture(0.04, readIn('recraft', 'the vendor’s price; not confirmed by fal')),
    },
  ],
  expectedSeconds: 15,
});

const vectorise = providerNode({
  type: 'image:vectorize',
  label: 'Vectorise',
  description: 'Traces a picture as a drawing of paths (SVG).',
  config: nodeConfig({}),
  inputs: { image: imagePort },
  outputs: vectorOut,
  candidates: [
    {
      at: recraftTool,
      model: 'vectorize',
      fields: { image_url: 'image' },
      constants: { response_format: 'url' },
      reads: recraftFile('vector'),
      price: perPicture(0.01, readIn('recraft')),
    },
    {
      at: falQueue,
      model: 'fal-ai/recraft/vectorize',
      fields: { image_url: 'image' },
      reads: falImageAs('vector'),
      price: perPicture(0.01, readIn('recraft', 'the vendor’s price; not confirmed by fal')),
    },
  ],
  expectedSeconds: 10,
});

export const recraftNodes: readonly NodeDefinition[] = [
  generate({
    type: 'generate:recraft_v4',
    label: 'Recraft V4',
    description: 'Designed pictures with taste and clean lettering.',
    falModel: 'fal-ai/recraft/v4/text-to-image',
    model: 'recraftv4',
    usd: 0.04,
    more: [atReplicate],
  }),
  generate({
    type: 'generate:recraft_v4_pro',
    label: 'Recraft V4 Pro',
    description: 'Recraft V4 at twice the width and height, for print.',
    falModel: 'fal-ai/recraft/v4/pro/text-to-image',
    model: 'recraftv4_pro',
    usd: 0.25,
  }),
  generate({
    type: 'generate:recraft_v4_1',
    label: 'Recraft V4.1',
    description: 'The newer Recraft model: better photos, mock-ups and short prompts.',
    falModel: 'fal-ai/recraft/v4.1/text-to-image',
    model: 'recraftv4_1',
    usd: 0.035,
  }),
  generate({
    type: 'generate:recraft_v3',
    label: 'Recraft V3',
    description: 'The older Recraft model; prompts of up to 1,000 characters.',
    falModel: 'fal-ai/recraft/v3/text-to-image',
    model: 'recraftv3',
    usd: 0.04,
    lengthMax: LENGTH_V3,
  }),
  generate({
    type: 'generate:recraft_v4_vector',
    label: 'Recraft V4 Vector',
    description: 'Logos, icons and illustrations as real paths (SVG).',
    falModel: 'fal-ai/recraft/v4/text-to-vector',
    model: 'recraftv4_vector',
    usd: 0.08,
    falNote: 'the vendor’s price; as third parties tell it of fal',
    isVector: true,
  }),
  generate({
    type: 'generate:recraft_v4_pro_vector',
    label: 'Recraft V4 Pro Vector',
    description: 'Rich drawings as real paths (SVG).',
    falModel: 'fal-ai/recraft/v4/pro/text-to-vector',
    model: 'recraftv4_pro_vector',
    usd: 0.3,
    isVector: true,
  }),
  restyle,
  vectorise,
];
