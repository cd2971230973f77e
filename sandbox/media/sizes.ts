/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Gemini-family sizes at 1K (16:9 = 1376×768 and so on); 2K and 4K are twice and four times that. */
const geminiSizes: Readonly<Record<string, readonly [number, number]>> = {
  '1:1': [1024, 1024],
  '21:9': [1584, 672],
  '16:9': [1376, 768],
  '3:2': [1264, 848],
  '4:3': [1200, 896],
  '5:4': [1152, 928],
  '4:5': [928, 1152],
  '3:4': [896, 1200],
  '2:3': [848, 1264],
  '9:16': [768, 1376],
};

const scales: Readonly<Record<string, number>> = { '0.5K': 0.5, '512px': 0.5, '1K': 1, '2K': 2, '4K': 4 };

/** Size of a nano-banana picture; ratios that are not in the table keep its area. */
export function geminiSize(aspectRatio: string, resolution = '1K'): Size {
  const scale = scales[resolution] ?? 1;
  const [width, height] = geminiSizes[aspectRatio] ?? sidesOf(aspectRatio, 1024 * 1024);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** Sides of a ratio such as `16:9` with about `area` pixels, in steps of 16; square where it is not a ratio. */
export function sizeOf(aspectRatio: string, area: number): Size {
  const [width, height] = sidesOf(aspectRatio, area);
  return { width, height };
}

/** Width : height of `16:9`; 1 where it is not a ratio. */
export function ratioOf(aspectRatio: string): number {
  const [width, height] = aspectRatio.split(':').map(Number);
  return width !== undefined && height !== undefined && width > 0 && height > 0 ? width / height : 1;
}

function sidesOf(aspectRatio: string, area: number): [number, number] {
  const ratio = ratioOf(aspectRatio);
  const step = (side: number): number => Math.max(16, Math.round(side / 16) * 16);
  return [step(Math.sqrt(area * ratio)), step(Math.sqrt(area / ratio))];
}
