import { createHash } from 'node:crypto';

/** First 16 hex digits of a secret's SHA-256: tells keys apart without giving them away. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16);
}
