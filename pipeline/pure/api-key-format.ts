const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomLength = 32;
const checksumLength = 6;
const wellFormed = /^sk-(?:live|test)-[0-9A-Za-z]{38}$/;

/** Random bytes that one key needs: 256 bits, of which its 32 characters keep 190. */
export const apiKeyRandomBytes = 32;

/**
 * Writes an API key: `sk-test-` or `sk-live-`, 32 random base62 characters (190 bits), and 6 base62 characters of the
 * CRC-32 of everything before them, so that a mistyped key is refused without a database read.
 *
 * @param randomBytes at least {@link apiKeyRandomBytes} bytes from a cryptographic source
 * @throws RangeError when there are fewer bytes
 */
export function formatApiKey(mode: 'live' | 'test', randomBytes: Uint8Array): string {
  if (randomBytes.length < apiKeyRandomBytes) {
    throw new RangeError(`an API key needs ${apiKeyRandomBytes} random bytes, got ${randomBytes.length}`);
  }
  const number = randomBytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const body = `sk-${mode}-${toBase62(number, randomLength)}`;
  return body + checksumOf(body);
}

/** True when the text has a key's form and its checksum fits; says nothing about whether the key exists. */
export function isWellFormedApiKey(text: string): boolean {
  if (!wellFormed.test(text)) return false;
  const body = text.slice(0, -checksumLength);
  return checksumOf(body) === text.slice(-checksumLength);
}

function checksumOf(body: string): string {
  return toBase62(BigInt(crc32(body)), checksumLength);
}

/** The number's last `length` base62 digits, most significant first. */
function toBase62(number: bigint, length: number): string {
  let rest = number;
  let digits = '';
  for (let index = 0; index < length; index += 1) {
    digits = alphabet.charAt(Number(rest % 62n)) + digits;
    rest /= 62n;
  }
  return digits;
}

/** CRC-32 (IEEE 802.3) of an ASCII text. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
