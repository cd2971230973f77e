import { z } from 'zod';
import {
  anotherImage,
  colour,
  image,
  imageOut,
  many,
  pictureFormat,
  position,
  share,
  shownText,
  side,
  textPort,
  type LocalWork,
} from './local-work';

const offset = z.number().int().min(0).max(16_383);
const clear = '#00000000';
const background = colour
  .default(clear)
  .describe('#rrggbb or #rrggbbaa; clear unless given (white in JPEG).');
const textField = shownText.optional().describe('Used when no edge brings a text.');

/** Pictures, by sharp. Sizes are pixels of the upright picture; the file format stays unless said otherwise. */
export const imageWork = {
  'image:crop': {
    label: 'Crop',
    description: 'Cuts a rectangle out of a picture.',
    config: z.strictObject({ left: offset.default(0), top: offset.default(0), width: side, height: side }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:smart_crop': {
    label: 'Smart crop',
    description: 'Crops to a size around the part of a picture that draws the eye.',
    config: z.strictObject({
      width: side,
      height: side,
      focus: z
        .enum(['attention', 'entropy'])
        .default('attention')
        .describe('attention: colour and skin; entropy: detail.'),
    }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:composite': {
    label: 'Composite',
    description: 'Lays one picture over another at a place, with a blend mode.',
    config: z.strictObject({
      left: z.number().int().min(-16_383).max(16_383).default(0),
      top: z.number().int().min(-16_383).max(16_383).default(0),
      width: side.optional().describe('Of the upper picture, pixels; its own size unless given.'),
      opacity: share.default(1),
      blend: z
        .enum(['over', 'multiply', 'screen', 'overlay', 'darken', 'lighten', 'add', 'difference'])
        .default('over'),
    }),
    inputs: { image, overlay: anotherImage('The picture on top.') },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:watermark': {
    label: 'Watermark picture',
    description: 'Puts a logo into a corner, or over all of a picture, in proportion to its width.',
    config: z.strictObject({
      position: position.default('southeast'),
      widthShare: z.number().min(0.01).max(1).default(0.2).describe('Of the width of the picture.'),
      marginShare: z.number().min(0).max(0.4).default(0.03).describe('Of the width of the picture.'),
      opacity: share.default(0.6),
      tiled: z.boolean().default(false).describe('Repeat the logo all over the picture.'),
    }),
    inputs: { image, logo: anotherImage('The mark; best with transparency.') },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:watermark_text': {
    label: 'Watermark text',
    description: 'Writes a short text into a corner of a picture.',
    config: z.strictObject({
      text: textField,
      position: position.default('southeast'),
      sizeShare: z
        .number()
        .min(0.01)
        .max(0.5)
        .default(0.05)
        .describe('Height of the letters, of the picture.'),
      color: colour.default('#ffffff'),
      opacity: share.default(0.7),
    }),
    inputs: { image, text: textPort },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:caption': {
    label: 'Caption',
    description: 'Writes a text on a bar at the foot or head of a picture, or below it.',
    config: z.strictObject({
      text: textField,
      place: z.enum(['bottom', 'top', 'below']).default('bottom').describe('below makes the picture taller.'),
      sizeShare: z
        .number()
        .min(0.01)
        .max(0.3)
        .default(0.05)
        .describe('Height of the letters, of the picture.'),
      color: colour.default('#ffffff'),
      barColor: colour.default('#000000b0'),
    }),
    inputs: { image, text: textPort },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:title_card': {
    label: 'Title card',
    description: 'Makes a picture of a text on a plain ground, such as the title of a clip.',
    config: z.strictObject({
      text: textField,
      width: side.max(8_192).default(1_280),
      height: side.max(8_192).default(720),
      color: colour.default('#ffffff'),
      background: colour.default('#101820'),
      format: pictureFormat.default('png'),
    }),
    inputs: { text: textPort },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:contact_sheet': {
    label: 'Contact sheet',
    description: 'Lays pictures out in a grid of equal cells, in edge order.',
    config: z.strictObject({
      columns: z.number().int().min(1).max(20).default(3),
      cellWidth: side.max(4_096).default(320),
      cellHeight: side.max(4_096).default(320),
      gap: z.number().int().min(0).max(200).default(8).describe('Pixels between and around the cells.'),
      fit: z.enum(['contain', 'cover']).default('contain'),
      background: colour.default('#ffffff'),
      format: pictureFormat.default('png'),
    }),
    inputs: { images: many('image', 'Pictures, 100 at most.') },
    outputs: imageOut,
    expectedSeconds: 4,
  },
  'image:join': {
    label: 'Join pictures',
    description: 'Puts pictures side by side or one below the other, at one height or width.',
    config: z.strictObject({
      direction: z.enum(['horizontal', 'vertical']).default('horizontal'),
      gap: z.number().int().min(0).max(1_000).default(0),
      background: colour.default('#ffffff'),
    }),
    inputs: { images: many('image', 'Pictures in order, 20 at most; the first one gives the size.') },
    outputs: imageOut,
    expectedSeconds: 3,
  },
  'image:rotate': {
    label: 'Rotate',
    description: 'Turns a picture clockwise by any angle.',
    config: z.strictObject({ degrees: z.number().min(-360).max(360).default(90), background }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:flip': {
    label: 'Flip',
    description: 'Mirrors a picture.',
    config: z.strictObject({ direction: z.enum(['horizontal', 'vertical', 'both']).default('horizontal') }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:blur': {
    label: 'Blur',
    description: 'Makes a picture soft.',
    config: z.strictObject({ sigma: z.number().min(0.3).max(200).default(8).describe('Radius, pixels.') }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:sharpen': {
    label: 'Sharpen',
    description: 'Makes edges crisper.',
    config: z.strictObject({ sigma: z.number().min(0.3).max(10).default(1).describe('Radius, pixels.') }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:adjust': {
    label: 'Adjust colours',
    description: 'Changes brightness, contrast, saturation, hue and gamma.',
    config: z.strictObject({
      brightness: z.number().min(0).max(4).default(1).describe('Factor.'),
      contrast: z.number().min(0).max(4).default(1).describe('Factor around middle grey.'),
      saturation: z.number().min(0).max(4).default(1).describe('Factor; 0 is grey.'),
      hueDegrees: z.number().min(-360).max(360).default(0),
      gamma: z.number().min(1).max(3).default(1).describe('Above 1 lightens the dark parts.'),
    }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:grayscale': {
    label: 'Black and white',
    description: 'Takes the colours out of a picture.',
    config: z.strictObject({
      threshold: z
        .number()
        .int()
        .min(1)
        .max(255)
        .optional()
        .describe('Only black and white, split at this grey.'),
    }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:tint': {
    label: 'Tint',
    description: 'Gives a picture one colour, keeping light and dark.',
    config: z.strictObject({ color: colour.default('#704214').describe('Sepia unless given.') }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:invert': {
    label: 'Invert',
    description: 'Makes the negative of a picture; transparency stays.',
    config: z.strictObject({}),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:pad': {
    label: 'Pad',
    description: 'Adds a border around a picture.',
    config: z.strictObject({
      top: offset.default(0),
      right: offset.default(0),
      bottom: offset.default(0),
      left: offset.default(0),
      fill: z
        .enum(['background', 'mirror', 'copy'])
        .default('background')
        .describe('mirror and copy repeat the edge.'),
      background,
    }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:canvas': {
    label: 'Fit on a canvas',
    description: 'Shows a whole picture on a canvas of another shape, over a blurred copy or a colour.',
    config: z.strictObject({
      width: side.max(8_192).default(1_080),
      height: side.max(8_192).default(1_920),
      fill: z.enum(['blur', 'color']).default('blur'),
      color: colour.default('#000000'),
    }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 3,
  },
  'image:trim': {
    label: 'Trim borders',
    description: 'Cuts off borders of one colour.',
    config: z.strictObject({
      threshold: z
        .number()
        .min(0)
        .max(255)
        .default(10)
        .describe('How far from the corner colour still counts as border.'),
    }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:round_corners': {
    label: 'Round corners',
    description: 'Makes the corners of a picture round and clear; a circle at half its side.',
    config: z.strictObject({
      radiusShare: z.number().min(0).max(0.5).default(0.1).describe('Of the shorter side.'),
    }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:flatten': {
    label: 'Flatten',
    description: 'Puts a colour behind the clear parts of a picture.',
    config: z.strictObject({ background: colour.default('#ffffff') }),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:apply_mask': {
    label: 'Apply mask',
    description: 'Makes a picture clear where a mask is dark.',
    config: z.strictObject({
      invert: z.boolean().default(false).describe('Clear where the mask is light.'),
      feather: z.number().min(0).max(100).default(0).describe('Softness of the edge, pixels.'),
    }),
    inputs: { image, mask: anotherImage('Grey picture, white keeps; fitted to the size of the picture.') },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:extract_mask': {
    label: 'Extract mask',
    description: 'Makes a grey picture of the transparency of a picture, white where it is solid.',
    config: z.strictObject({}),
    inputs: { image },
    outputs: imageOut,
    expectedSeconds: 2,
  },
  'image:split_tiles': {
    label: 'Split into tiles',
    description: 'Cuts a picture into a grid of equal tiles, row by row.',
    config: z.strictObject({
      columns: z.number().int().min(1).max(5).default(2),
      rows: z.number().int().min(1).max(5).default(2),
    }),
    inputs: { image },
    outputs: { images: { type: 'json', description: 'List of pictures; utility:pick_image takes one.' } },
    expectedSeconds: 3,
  },
  'image:animate': {
    label: 'Animation of pictures',
    description: 'Makes an animated GIF or WebP of pictures, in edge order.',
    config: z.strictObject({
      secondsPerImage: z.number().min(0.02).max(60).default(0.5),
      loop: z.number().int().min(0).max(1_000).default(0).describe('Times to play; 0 is for ever.'),
      format: z.enum(['gif', 'webp']).default('gif'),
    }),
    inputs: { images: many('image', 'Pictures, 100 at most; the first one gives the size.') },
    outputs: imageOut,
    expectedSeconds: 4,
  },
  'image:info': {
    label: 'Picture facts',
    description: 'Reads size, format, transparency, mean colour and sharpness of a picture.',
    config: z.strictObject({}),
    inputs: { image },
    outputs: {
      info: {
        type: 'json',
        description:
          'width, height, format, hasAlpha, frames, meanColor, brightness (0–1), entropy, sharpness.',
      },
      width: { type: 'number', description: 'Pixels.' },
      height: { type: 'number', description: 'Pixels.' },
    },
    expectedSeconds: 2,
  },
  'image:perceptual_hash': {
    label: 'Perceptual hash',
    description: 'A short mark of how a picture looks; alike pictures have alike marks.',
    config: z.strictObject({}),
    inputs: { image },
    outputs: {
      hash: { type: 'text', description: '16 hex digits; compare by the number of differing bits.' },
    },
    expectedSeconds: 2,
  },
  'image:compare': {
    label: 'Compare pictures',
    description: 'Says how alike two pictures are, by look and by pixel.',
    config: z.strictObject({}),
    inputs: {
      a: anotherImage('One picture.'),
      b: anotherImage('The other, fitted to the size of the first.'),
    },
    outputs: {
      similarity: { type: 'number', description: '0 to 1; 1 is the same.' },
      info: {
        type: 'json',
        description: 'similarity, structural (0–1), meanDifference (0–1), hashDistance (0–64).',
      },
    },
    expectedSeconds: 3,
  },
  'image:difference': {
    label: 'Difference picture',
    description: 'Shows where two pictures differ, bright on black.',
    config: z.strictObject({ amplify: z.number().min(1).max(50).default(4).describe('Factor.') }),
    inputs: {
      a: anotherImage('One picture.'),
      b: anotherImage('The other, fitted to the size of the first.'),
    },
    outputs: imageOut,
    expectedSeconds: 3,
  },
  'image:palette': {
    label: 'Palette',
    description: 'Finds the main colours of a picture.',
    config: z.strictObject({ count: z.number().int().min(1).max(16).default(5) }),
    inputs: { image },
    outputs: {
      colors: { type: 'json', description: 'List of {color, share}, the most frequent first.' },
      text: { type: 'text', description: 'The colours as #rrggbb, with commas: for a prompt.' },
    },
    expectedSeconds: 2,
  },
} as const satisfies Readonly<Record<string, LocalWork>>;

export type ImageWork = keyof typeof imageWork;
