import sharp from 'sharp';
import type { imageWork } from '../../../pipeline/nodes/local/image-work';
import type { WorkConfig } from '../../../pipeline/nodes/local/local-work';
import { crop, type OutputFormat } from '../image-operations';
import { assertPixels } from '../../../store/assets/media/media-probe';
import { fromLayer, toLayer, withTransparency, type Picture } from './picture';

type Config<Name extends keyof typeof imageWork> = WorkConfig<typeof imageWork, Name>;
type Change<Name extends keyof typeof imageWork> = (
  picture: Picture,
  config: Config<Name>,
) => sharp.Sharp | Promise<sharp.Sharp>;

/** Work that makes one picture of one picture. */
export const imageChanges = {
  'image:crop': (picture, config) => crop(picture.image(), config, picture),
  'image:smart_crop': (picture, { width, height, focus }) => {
    assertPixels({ width, height }, 'The cropped picture');
    return picture.image().resize({ width, height, fit: 'cover', position: focus });
  },
  'image:rotate': (picture, { degrees, background }) => {
    const longest = Math.ceil(Math.hypot(picture.width, picture.height));
    if (degrees % 90 !== 0) assertPixels({ width: longest, height: longest }, 'The turned picture');
    return picture.image().rotate(degrees, { background });
  },
  'image:flip': (picture, { direction }) => {
    const flopped = direction === 'vertical' ? picture.image() : picture.image().flop();
    return direction === 'horizontal' ? flopped : flopped.flip();
  },
  'image:blur': (picture, { sigma }) => picture.image().blur(sigma),
  'image:sharpen': (picture, { sigma }) => picture.image().sharpen({ sigma }),
  'image:adjust': async (picture, { brightness, contrast, saturation, hueDegrees, gamma }) => {
    const adjusted = picture
      .image()
      .modulate({ brightness, saturation, hue: Math.round((hueDegrees + 360) % 360) })
      .linear(contrast, 128 * (1 - contrast));
    return gamma === 1 ? adjusted : lighten(await toLayer(adjusted), gamma);
  },
  'image:grayscale': (picture, { threshold }) =>
    threshold === undefined ? picture.image().grayscale() : picture.image().threshold(threshold),
  'image:tint': (picture, { color }) => picture.image().tint(color),
  'image:invert': (picture) => picture.image().negate({ alpha: false }),
  'image:pad': (picture, { top, right, bottom, left, fill, background }) => {
    const size = { width: picture.width + left + right, height: picture.height + top + bottom };
    assertPixels(size, 'The padded picture');
    return picture.image().extend({ top, right, bottom, left, background, extendWith: fill });
  },
  'image:canvas': async (picture, { width, height, fill, color }) => {
    assertPixels({ width, height }, 'The canvas');
    const inside = await toLayer(picture.image().resize({ width, height, fit: 'inside' }));
    const ground =
      fill === 'blur'
        ? picture
            .image()
            .resize({ width, height, fit: 'cover' })
            .blur(Math.max(4, width / 40))
        : sharp({ create: { width, height, channels: 4, background: color } });
    const raw = { width: inside.width, height: inside.height, channels: 4 } as const;
    return ground.composite([{ input: inside.pixels, raw, gravity: 'center' }]);
  },
  'image:trim': (picture, { threshold }) => picture.image().trim({ threshold }),
  'image:round_corners': async (picture, { radiusShare }) => {
    const layer = await toLayer(picture.image());
    const { width, height } = layer;
    const mask = cornerMask(width, height, radiusShare * Math.min(width, height));
    return fromLayer(layer).composite([
      { input: mask, raw: { width, height, channels: 4 }, blend: 'dest-in' },
    ]);
  },
  'image:flatten': (picture, { background }) => picture.image().flatten({ background }),
  'image:extract_mask': (picture) => picture.image().ensureAlpha().extractChannel('alpha'),
} as const satisfies { readonly [Name in keyof typeof imageWork]?: Change<Name> };

/** The format of the result: that of the picture, unless it cannot hold what the work makes. */
export function formatAfter(name: keyof typeof imageChanges, format: OutputFormat): OutputFormat {
  return name === 'image:round_corners' ? withTransparency(format) : format;
}

/** By a table of 256 values: the library's own gamma is undone again after a resize. */
function lighten(layer: Awaited<ReturnType<typeof toLayer>>, gamma: number): sharp.Sharp {
  const table = Array.from({ length: 256 }, (_, value) => Math.round(255 * (value / 255) ** (1 / gamma)));
  const { pixels } = layer;
  for (let at = 0; at < pixels.length; at += 4) {
    for (let channel = at; channel < at + 3; channel += 1) {
      pixels[channel] = table[pixels[channel] ?? 0] ?? 0;
    }
  }
  return fromLayer(layer);
}

/** White, solid inside a rectangle with round corners, with a soft edge of one pixel. */
function cornerMask(width: number, height: number, radius: number): Buffer {
  const mask = Buffer.alloc(width * height * 4, 255);
  const reach = Math.ceil(radius);
  for (let y = 0; y < reach; y += 1) {
    for (let x = 0; x < reach; x += 1) {
      const distance = Math.hypot(radius - x - 0.5, radius - y - 0.5);
      const alpha = Math.round(255 * Math.min(1, Math.max(0, radius - distance + 0.5)));
      for (const column of [x, width - 1 - x]) {
        for (const row of [y, height - 1 - y]) mask[(row * width + column) * 4 + 3] = alpha;
      }
    }
  }
  return mask;
}
