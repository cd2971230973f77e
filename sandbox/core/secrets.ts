import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type JsonWebKey,
} from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeWhole } from './file-store';

interface SecretFile {
  readonly ed25519: JsonWebKey;
  /** Base64, 24 bytes. */
  readonly hmac: string;
}

/** Signing keys of this sandbox: made once, kept over restarts, worth nothing anywhere else. */
export class Secrets {
  private readonly kept: SecretFile;

  constructor(path: string) {
    if (!existsSync(path)) writeWhole(path, JSON.stringify(fresh()));
    this.kept = JSON.parse(readFileSync(path, 'utf8')) as SecretFile;
  }

  /** Standard Webhooks form: `whsec_` and base64. */
  get webhookSecret(): string {
    return `whsec_${this.kept.hmac}`;
  }

  get hmacKey(): Buffer {
    return Buffer.from(this.kept.hmac, 'base64');
  }

  signEd25519(message: string): Buffer {
    return sign(null, Buffer.from(message), createPrivateKey({ key: this.kept.ed25519, format: 'jwk' }));
  }

  publicJwk(): JsonWebKey {
    return createPublicKey(createPrivateKey({ key: this.kept.ed25519, format: 'jwk' })).export({
      format: 'jwk',
    });
  }
}

function fresh(): SecretFile {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { ed25519: privateKey.export({ format: 'jwk' }), hmac: randomBytes(24).toString('base64') };
}
