import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = 'v1.';

/** None of the present secrets has sealed it, or it was changed. */
export class UnsealableError extends Error {
  override readonly name = 'UnsealableError';
  constructor() {
    super('A stored secret cannot be read: it was sealed under an EVERFRAME_ASSET_SECRET that is no more.');
  }
}

/**
 * Encrypts a secret that we must be able to read again, such as the key of a signature, for the database.
 *
 * @param secrets - The first seals; the process's own, at least 32 characters each.
 */
export function sealSecret(secrets: readonly string[], text: string): string {
  const [secret] = secrets;
  if (secret === undefined) throw new Error('There is no secret to seal with.');
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyFrom(secret), iv);
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${PREFIX}${sealed.toString('base64url')}`;
}

/**
 * @param secrets - Any of them may have sealed it.
 * @throws UnsealableError
 */
export function openSecret(secrets: readonly string[], sealed: string): string {
  const bytes = sealed.startsWith(PREFIX) ? Buffer.from(sealed.slice(PREFIX.length), 'base64url') : undefined;
  if (bytes === undefined || bytes.length < IV_BYTES + TAG_BYTES) throw new UnsealableError();
  for (const secret of secrets) {
    const text = open(keyFrom(secret), bytes);
    if (text !== undefined) return text;
  }
  throw new UnsealableError();
}

function open(key: Buffer, bytes: Buffer): string | undefined {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    return text.toString('utf8');
  } catch {
    return undefined;
  }
}

/** The same secret signs asset URLs: each use has a key of its own. */
function keyFrom(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'everframe/stored-secrets', 32));
}
