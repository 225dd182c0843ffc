import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type CipherCCMTypes,
  type KeyObject,
} from 'node:crypto';
import { sequenceAt, type Protection, type RecordContext } from './protection.ts';

const saltBytes = 4;
const explicitBytes = 8;

/** Made once and filled in for each record. */
const nonce = Buffer.alloc(saltBytes + explicitBytes);

/**
 * AES-128-CCM and AES-128-GCM (RFC 6655, RFC 5288). A class, and the key as a `KeyObject`: two for each association, used for each
 * record, and Node.js 24 takes five times as long with the key's bytes.
 */
export class AeadProtection implements Protection {
  readonly #key: KeyObject;
  readonly #salt: number;
  // Typed as CCM, whose signatures ask for what both need.
  readonly #algorithm: CipherCCMTypes;
  readonly #tagBytes: number;

  constructor(cipher: 'ccm' | 'gcm', tagBytes: number, key: Uint8Array, salt: Buffer) {
    this.#key = createSecretKey(key);
    this.#salt = salt.readUInt32BE();
    this.#algorithm = (cipher === 'ccm' ? 'aes-128-ccm' : 'aes-128-gcm') as CipherCCMTypes;
    this.#tagBytes = tagBytes;
  }

  seal(context: RecordContext, plaintext: Uint8Array): Buffer {
    const explicit = sequenceAt(context);
    nonce.writeUInt32BE(this.#salt);
    context.copy(nonce, saltBytes, explicit, explicit + explicitBytes);
    context.writeUInt16BE(plaintext.length, context.length - 2);
    const cipher = createCipheriv(this.#algorithm, this.#key, nonce, { authTagLength: this.#tagBytes });
    cipher.setAAD(context, { plaintextLength: plaintext.length });
    const fragment = Buffer.allocUnsafe(explicitBytes + plaintext.length + this.#tagBytes);
    nonce.copy(fragment, 0, saltBytes);
    cipher.update(plaintext).copy(fragment, explicitBytes);
    cipher.final();
    cipher.getAuthTag().copy(fragment, explicitBytes + plaintext.length);
    return fragment;
  }

  open(context: RecordContext, fragment: Buffer): Buffer | undefined {
    const length = fragment.length - explicitBytes - this.#tagBytes;
    if (length < 0) return undefined;
    nonce.writeUInt32BE(this.#salt);
    fragment.copy(nonce, saltBytes, 0, explicitBytes);
    context.writeUInt16BE(length, context.length - 2);
    const decipher = createDecipheriv(this.#algorithm, this.#key, nonce, { authTagLength: this.#tagBytes });
    decipher.setAuthTag(fragment.subarray(explicitBytes + length));
    decipher.setAAD(context, { plaintextLength: length });
    try {
      const plaintext = decipher.update(fragment.subarray(explicitBytes, explicitBytes + length));
      decipher.final();
      return plaintext;
    } catch {
      // Whatever Node.js says of it, the tag does not fit.
      return undefined;
    }
  }
}
