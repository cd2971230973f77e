import { withLocalFile } from './local-file';
import { SNIFF_BYTES, sniffMediaType, type SniffedType } from './sniff-media-type';
import { isSvg } from './sniff-svg';

/** What a local file is by its first bytes. All that is no media that we know is a `file`: SVG and HTML too. */
export async function sniffFile(path: string): Promise<Pick<SniffedType, 'kind' | 'mimeType'>> {
  const head = await withLocalFile(path, (file) => file.read(0, SNIFF_BYTES));
  const sniffed = sniffMediaType(head);
  if (sniffed) return sniffed;
  return { kind: 'file', mimeType: isSvg(head) ? 'image/svg+xml' : 'application/octet-stream' };
}
