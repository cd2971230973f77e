export interface SniffedType {
  readonly mimeType: string;
  readonly kind: 'image' | 'video' | 'audio' | 'file';
  /** Without a dot. */
  readonly extension: string;
}

/** Bytes that `sniffMediaType` looks at. */
export const SNIFF_BYTES = 4_100;

const PNG = image('image/png', 'png');
const JPEG = image('image/jpeg', 'jpg');
const GIF = image('image/gif', 'gif');
const WEBP = image('image/webp', 'webp');
const AVIF = image('image/avif', 'avif');
const MP4 = video('video/mp4', 'mp4');
const MOV = video('video/quicktime', 'mov');
const WEBM = video('video/webm', 'webm');
const M4A = audio('audio/mp4', 'm4a');
const WAV = audio('audio/wav', 'wav');
const MP3 = audio('audio/mpeg', 'mp3');
const FLAC = audio('audio/flac', 'flac');
const OGG = audio('audio/ogg', 'ogg');
const PDF: SniffedType = { mimeType: 'application/pdf', kind: 'file', extension: 'pdf' };

/** Signatures that stand at the very start and say all. */
const SIGNATURES: readonly (readonly [signature: string, type: SniffedType])[] = [
  ['\x89PNG\r\n\x1a\n', PNG],
  ['\xff\xd8\xff', JPEG],
  ['GIF87a', GIF],
  ['GIF89a', GIF],
  ['fLaC', FLAC],
  ['ID3', MP3],
  ['%PDF-', PDF],
];

/** Brands of ISO base media files (`ftyp`), in order of preference among the compatible ones. */
const BRANDS: readonly (readonly [brand: RegExp, type: SniffedType])[] = [
  [/^avi[fs]$/, AVIF],
  [/^qt {2}$/, MOV],
  [/^M4[AB] $/, M4A],
  [/^(iso[m2-9]|mp4[12]|avc1|av01|dash|M4V |MSNV|3g[p2].)$/, MP4],
];
/** HEIC is declared like AVIF but holds patented HEVC, which nothing here can decode. */
const UNREADABLE_BRAND = /^(hei[cxms]|hev[cx])$/;

/**
 * Tells a file's type by its first bytes (`SNIFF_BYTES` suffice); a name or a declared type is never believed.
 * Undefined for all else: text and JSON have no signature, and active content (HTML, SVG), playlists and archives must
 * never pass for media.
 */
export function sniffMediaType(head: Uint8Array): SniffedType | undefined {
  const start = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1', 0, SNIFF_BYTES);
  const known = SIGNATURES.find(([signature]) => start.startsWith(signature));
  if (known) return known[1];
  if (start.startsWith('RIFF')) return sniffRiff(start.slice(8, 12));
  if (start.slice(4, 8) === 'ftyp') return sniffBrands(start);
  if (start.startsWith('\x1aE\xdf\xa3')) return sniffMatroska(start);
  if (start.startsWith('OggS')) return sniffOgg(start);
  return isMp3Frame(head) ? MP3 : undefined;
}

function sniffRiff(form: string): SniffedType | undefined {
  if (form === 'WEBP') return WEBP;
  return form === 'WAVE' ? WAV : undefined;
}

/** The major brand decides; only one that is nobody's own (`mif1`) leaves it to the compatible ones. */
function sniffBrands(start: string): SniffedType | undefined {
  const majorBrand = start.slice(8, 12);
  const boxEnd = Math.min(start.charCodeAt(2) * 256 + start.charCodeAt(3), start.length);
  const compatibleBrands: string[] = [];
  for (let at = 16; at + 4 <= boxEnd; at += 4) compatibleBrands.push(start.slice(at, at + 4));
  const byMajor = BRANDS.find(([brand]) => brand.test(majorBrand));
  if (byMajor) return byMajor[1];
  if ([majorBrand, ...compatibleBrands].some((brand) => UNREADABLE_BRAND.test(brand))) return undefined;
  return BRANDS.find(([brand]) => compatibleBrands.some((compatible) => brand.test(compatible)))?.[1];
}

/** EBML DocType (id 42 82); plain Matroska may hold anything, so only WebM is taken. */
function sniffMatroska(start: string): SniffedType | undefined {
  return start.slice(0, 64).includes('\x42\x82\x84webm') ? WEBM : undefined;
}

/** The first page of an Ogg file names its codec; Theora (video) is not taken. */
function sniffOgg(start: string): SniffedType | undefined {
  const firstPage = start.slice(0, 128);
  return ['OpusHead', '\x01vorbis', '\x7fFLAC', 'Speex   '].some((codec) => firstPage.includes(codec))
    ? OGG
    : undefined;
}

/** An MPEG audio frame header: sync, a known version, layer III, and neither a forbidden bit rate nor sample rate. */
function isMp3Frame(head: Uint8Array): boolean {
  const [sync = 0, version = 0, rates = 0] = head;
  const isLayer3 = sync === 0xff && (version & 0xe6) === 0xe2 && (version & 0x18) !== 0x08;
  const bitRate = rates >> 4;
  return isLayer3 && bitRate !== 0 && bitRate !== 15 && (rates & 0x0c) !== 0x0c;
}

function image(mimeType: string, extension: string): SniffedType {
  return { mimeType, kind: 'image', extension };
}

function video(mimeType: string, extension: string): SniffedType {
  return { mimeType, kind: 'video', extension };
}

function audio(mimeType: string, extension: string): SniffedType {
  return { mimeType, kind: 'audio', extension };
}
