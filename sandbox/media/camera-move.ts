/** One plane of a picture: bytes, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What the camera sees, as shares of the whole picture: its middle, and how much of each side (1 is all). */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly share: number;
}

/** 8-bit RGB to the three planes of YUV 4:2:0, BT.709 limited range. Width and height must be even. */
export function toPlanes(rgb: Uint8Array, width: number, height: number): [Plane, Plane, Plane] {
  const luma = new Uint8Array(width * height);
  const half = { width: width / 2, height: height / 2 };
  const blue = new Uint8Array(half.width * half.height);
  const red = new Uint8Array(half.width * half.height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      const [r = 0, g = 0, b = 0] = [rgb[at * 3], rgb[at * 3 + 1], rgb[at * 3 + 2]];
      luma[at] = 16 + 0.1826 * r + 0.6142 * g + 0.062 * b;
      if (x % 2 === 1 || y % 2 === 1) continue;
      const chroma = (y / 2) * half.width + x / 2;
      blue[chroma] = 128 - 0.1006 * r - 0.3386 * g + 0.4392 * b;
      red[chroma] = 128 + 0.4392 * r - 0.3989 * g - 0.0403 * b;
    }
  }
  return [
    { width, height, data: luma },
    { ...half, data: blue },
    { ...half, data: red },
  ];
}

/** Samples a view of a plane into `target` (width × height), smoothly between pixels, so that slow moves do not jitter. */
export function sampleView(
  plane: Plane,
  view: View,
  target: Uint8Array,
  width: number,
  height: number,
): void {
  const columns = axis(plane.width, view.x, view.share, width);
  const rows = axis(plane.height, view.y, view.share, height);
  const { data, width: stride } = plane;
  let out = 0;
  for (let row = 0; row < height; row += 1) {
    const top = (rows.at[row] ?? 0) * stride;
    const down = rows.weight[row] ?? 0;
    for (let column = 0; column < width; column += 1) {
      const left = top + (columns.at[column] ?? 0);
      const right = columns.weight[column] ?? 0;
      const upper = (data[left] ?? 0) * (256 - right) + (data[left + 1] ?? 0) * right;
      const lower = (data[left + stride] ?? 0) * (256 - right) + (data[left + stride + 1] ?? 0) * right;
      target[out] = (upper * (256 - down) + lower * down + 32_768) >> 16;
      out += 1;
    }
  }
}

/** For each target pixel of one axis: the source pixel before it, and the weight (of 256) of the next one. */
function axis(
  size: number,
  middle: number,
  share: number,
  count: number,
): { at: Int32Array; weight: Int32Array } {
  const at = new Int32Array(count);
  const weight = new Int32Array(count);
  const start = Math.min(Math.max(0, middle - share / 2), 1 - share) * (size - 1);
  const step = (share * (size - 1)) / Math.max(1, count - 1);
  for (let index = 0; index < count; index += 1) {
    const place = Math.min(size - 1.004, start + index * step);
    at[index] = Math.floor(place);
    weight[index] = Math.floor((place % 1) * 256);
  }
  return { at, weight };
}
