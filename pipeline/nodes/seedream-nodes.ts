import type { NodeDefinition } from '../node-definition';
import { asText, FLUX_SIZES, SIZES_2K } from './aspect-ratios';
import {
  aspectRatio,
  changePort,
  falSize,
  imageOut,
  imagesPort,
  prompt,
  promptPort,
  seed,
} from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { oneOf } from './table/fields';
import { perPicture } from './table/prices';
import { providerNode, type CandidateTable, type ProviderNode } from './table/provider-node';
import { arkImage, arkImages } from './wire/ark';
import { falImage, falQueue } from './wire/fal';
import { replicateFile, replicatePrediction } from './wire/replicate';

/** ByteDance's Seedream; 4.5 and later make nothing smaller than about four megapixels. */

type Table = Omit<CandidateTable, 'at' | 'reads'>;
const atFal = (table: Table): CandidateTable => ({
  at: falQueue,
  reads: falImage,
  ...table,
  constants: { num_images: 1, ...table.constants },
});
const atArk = (table: Table): CandidateTable => ({
  at: arkImages,
  reads: arkImage,
  ...table,
  constants: { response_format: 'url', watermark: false, ...table.constants },
});

const drawn = { prompt: 'prompt', seed: 'seed' };
const size1K = oneOf('aspectRatio', asText(FLUX_SIZES));
const size2K = oneOf('aspectRatio', asText(SIZES_2K));
const falSize2K = oneOf('aspectRatio', SIZES_2K);

type Named = Pick<ProviderNode, 'type' | 'label' | 'description' | 'candidates'>;

function generate(node: Named): NodeDefinition {
  return providerNode({
    ...node,
    config: nodeConfig({ prompt, aspectRatio, seed }),
    inputs: { prompt: promptPort },
    outputs: imageOut,
    expectedSeconds: 20,
  });
}

function edit(node: Named): NodeDefinition {
  return providerNode({
    ...node,
    config: nodeConfig({ prompt, aspectRatio, seed }),
    inputs: { images: imagesPort, prompt: changePort },
    outputs: imageOut,
    expectedSeconds: 25,
  });
}

const replicateFields = { prompt: 'prompt', aspect_ratio: 'aspectRatio' };
const replicate4: Omit<CandidateTable, 'fields'> = {
  at: replicatePrediction,
  model: 'bytedance/seedream-4',
  constants: { size: '1K', max_images: 1, sequential_image_generation: 'disabled' },
  reads: replicateFile('image'),
  price: perPicture(0.03, readIn('fal', 'the price at fal; not confirmed by Replicate')),
};

export const seedreamNodes: readonly NodeDefinition[] = [
  generate({
    type: 'generate:seedream_v3',
    label: 'Seedream 3',
    description: 'Pictures with Chinese and English lettering, by ByteDance.',
    candidates: [
      atFal({
        model: 'fal-ai/bytedance/seedream/v3/text-to-image',
        fields: { ...drawn, image_size: falSize },
        price: perPicture(0.03, readIn('litellm')),
      }),
      atArk({
        model: 'seedream-4-0-250828',
        fields: { ...drawn, size: size1K },
        price: perPicture(0.03, readIn('ark')),
      }),
    ],
  }),
  generate({
    type: 'generate:seedream_v4',
    label: 'Seedream 4',
    description: 'Sharp pictures of about one megapixel from a prompt, by ByteDance.',
    candidates: [
      atFal({
        model: 'fal-ai/bytedance/seedream/v4/text-to-image',
        fields: { ...drawn, image_size: falSize },
        price: perPicture(0.03, readIn('fal')),
      }),
      { ...replicate4, fields: replicateFields },
      atArk({
        model: 'seedream-4-0-250828',
        fields: { ...drawn, size: size1K },
        price: perPicture(0.03, readIn('ark')),
      }),
    ],
  }),
  generate({
    type: 'generate:seedream_v4_5',
    label: 'Seedream 4.5',
    description: 'Pictures of about four megapixels with good lettering, by ByteDance.',
    candidates: [
      atFal({
        model: 'fal-ai/bytedance/seedream/v4.5/text-to-image',
        fields: { ...drawn, image_size: falSize2K },
        price: perPicture(0.04, readIn('falPricingApi')),
      }),
      atArk({
        model: 'seedream-4-5-251128',
        fields: { ...drawn, size: size2K },
        price: perPicture(0.04, readIn('ark')),
      }),
    ],
  }),
  generate({
    type: 'generate:seedream_v5_lite',
    label: 'Seedream 5 Lite',
    description: 'Quick pictures of about four megapixels, by ByteDance.',
    candidates: [
      atFal({
        model: 'fal-ai/bytedance/seedream/v5/lite/text-to-image',
        fields: { prompt: 'prompt', image_size: falSize2K },
        price: perPicture(0.035, readIn('fal', 'of the same model for edits')),
      }),
      atArk({
        model: 'seedream-5-0-260128',
        fields: { ...drawn, size: size2K },
        price: perPicture(0.035, readIn('ark')),
      }),
    ],
  }),
  edit({
    type: 'edit:seedream_v4_edit',
    label: 'Seedream 4 edit',
    description: 'Changes or combines up to ten pictures as the prompt says, by ByteDance.',
    candidates: [
      atFal({
        model: 'fal-ai/bytedance/seedream/v4/edit',
        fields: { ...drawn, image_urls: 'images', image_size: falSize },
        price: perPicture(0.03, readIn('fal')),
      }),
      { ...replicate4, fields: { ...replicateFields, image_input: 'images' } },
      atArk({
        model: 'seedream-4-0-250828',
        fields: { ...drawn, image: 'images', size: size1K },
        price: perPicture(0.03, readIn('ark')),
      }),
    ],
  }),
  edit({
    type: 'edit:seedream_v4_5_edit',
    label: 'Seedream 4.5 edit',
    description: 'Changes or combines pictures at about four megapixels, by ByteDance.',
    candidates: [
      atFal({
        model: 'fal-ai/bytedance/seedream/v4.5/edit',
        fields: { ...drawn, image_urls: 'images', image_size: falSize2K },
        price: perPicture(0.04, readIn('falPricingApi')),
      }),
      atArk({
        model: 'seedream-4-5-251128',
        fields: { ...drawn, image: 'images', size: size2K },
        price: perPicture(0.04, readIn('ark')),
      }),
    ],
  }),
  edit({
    type: 'edit:seedream_v5_lite_edit',
    label: 'Seedream 5 Lite edit',
    description: 'Quick changes at about four megapixels, by ByteDance.',
    candidates: [
      atFal({
        model: 'fal-ai/bytedance/seedream/v5/lite/edit',
        fields: { prompt: 'prompt', image_urls: 'images', image_size: falSize2K },
        price: perPicture(0.035, readIn('fal')),
      }),
      atArk({
        model: 'seedream-5-0-260128',
        fields: { ...drawn, image: 'images', size: size2K },
        price: perPicture(0.035, readIn('ark')),
      }),
    ],
  }),
];
