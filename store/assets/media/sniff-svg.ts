/** The root element, after what XML may have before it. */
const SVG_START =
  /^(\xef\xbb\xbf)?\s*(<\?xml[^>]{0,200}\?>\s*)?(<!--[^>]{0,1000}-->\s*)?(<!DOCTYPE svg[^>]{0,300}>\s*)?<svg[\s>]/;

/**
 * Tells SVG by its first bytes. It may hold scripts, so it never passes for an image and nothing here draws it: it is a
 * file, handed out as a download.
 */
export function isSvg(head: Uint8Array): boolean {
  return SVG_START.test(
    Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1', 0, 2_000),
  );
}
