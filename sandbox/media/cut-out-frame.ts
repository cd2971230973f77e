/** How far a point may lie from the background's colour to be part of it, of 255. */
const tolerance = 28;
/** Pure green, BT.709 limited range. */
const green = { luma: 172, blue: 42, red: 26 };

/** A frame (YUV 4:2:0) whose background, by the colour of its corners, is green: a screen to be keyed out. */
export function cutOutFrame(frame: Buffer, width: number, height: number): Buffer {
  const whole = width * height;
  const [halfWidth, halfHeight] = [width / 2, height / 2];
  const [blueStart, redStart] = [whole, whole + whole / 4];
  const out = Buffer.from(frame);
  const corner = { luma: frame[0] ?? 0, blue: frame[blueStart] ?? 0, red: frame[redStart] ?? 0 };
  for (let row = 0; row < halfHeight; row += 1) {
    for (let column = 0; column < halfWidth; column += 1) {
      const chroma = row * halfWidth + column;
      const luma = row * 2 * width + column * 2;
      const distance =
        Math.abs((frame[luma] ?? 0) - corner.luma) +
        Math.abs((frame[blueStart + chroma] ?? 0) - corner.blue) +
        Math.abs((frame[redStart + chroma] ?? 0) - corner.red);
      if (distance > tolerance) continue;
      for (const at of [luma, luma + 1, luma + width, luma + width + 1]) out[at] = green.luma;
      out[blueStart + chroma] = green.blue;
      out[redStart + chroma] = green.red;
    }
  }
  return out;
}
