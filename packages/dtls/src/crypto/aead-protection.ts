import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type CipherCCMTypes,
  type KeyObject,
} from 'node:crypto';
import { holdKey, type HoldsKey } from './held-keys.ts';
import { sequenceAt, type Protection, type RecordContext } from './protection.ts';

const saltBytes = 4;
const explicitBytes = 8;

/** Made once and filled in for each record. */
const nonce = Buffer.alloc(saltBytes + explicitBytes);
const keyBytes = Buffer.alloc(16);
/** Keys used no more often than this are not kept: a handshake, or a device that sends once and is then silent. */
const usesBeforeHeld = 2;

/**
 * AES-128-CCM and AES-128-GCM (RFC 6655, RFC 5288). A class: two for each association, used for each record. Node.js 24 takes five
 * times as long with a key's bytes as with a `KeyObject`; but that is an object outside of the heap. So it is made when it is needed,
 * and kept where records come often (`held-keys.ts`). In between the key is four numbers, which need no object at all.
 */
export class AeadProtection implements Protection, HoldsKey {
  readonly #word0: number;
  readonly #word1: number;
  readonly #word2: number;
  readonly #word3: number;
  readonly #salt: number;
  // Typed as CCM, whose signatures ask for what both need.
  readonly #algorithm: CipherCCMTypes;
  readonly #tagBytes: number;
  #uses = 0;
  #held: KeyObject | undefined;
  isUsed = false;

  constructor(cipher: 'ccm' | 'gcm', tagBytes: number, key: Buffer, salt: Buffer) {
    this.#word0 = key.readInt32BE(0);
    this.#word1 = key.readInt32BE(4);
    this.#word2 = key.readInt32BE(8);
    this.#word3 = key.readInt32BE(12);
    this.#salt = salt.readInt32BE();
    this.#algorithm = (cipher === 'ccm' ? 'aes-128-ccm' : 'aes-128-gcm') as CipherCCMTypes;
    this.#tagBytes = tagBytes;
  }

  seal(context: RecordContext, plaintext: Uint8Array): Buffer {
    const explicit = sequenceAt(context);
    nonce.writeInt32BE(this.#salt);
    context.copy(nonce, saltBytes, explicit, explicit + explicitBytes);
    context.writeUInt16BE(plaintext.length, context.length - 2);
    const cipher = createCipheriv(this.#algorithm, this.#key(), nonce, { authTagLength: this.#tagBytes });
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
    nonce.writeInt32BE(this.#salt);
    fragment.copy(nonce, saltBytes, 0, explicitBytes);
    context.writeUInt16BE(length, context.length - 2);
    const decipher = createDecipheriv(this.#algorithm, this.#key(), nonce, { authTagLength: this.#tagBytes });
    decipher.setAuthTag(fragment.subarray(explicitBytes + length));
    decipher.setAAD(context, { plaintextLength: length });
    try {
      const plaintext = decipher.update(fragment.subarray(explicitBytes, explicitBytes + length));
      decipher.final();
      return plaintext;
    } catch {
      // Node.js throws for several reasons; each means that the tag does not match.
      return undefined;
    }
  }

  letGo(): void {
    this.#held = undefined;
  }

  #key(): KeyObject {
    this.isUsed = true;
    if (this.#held) return this.#held;
    keyBytes.writeInt32BE(this.#word0, 0);
    keyBytes.writeInt32BE(this.#word1, 4);
    keyBytes.writeInt32BE(this.#word2, 8);
    keyBytes.writeInt32BE(this.#word3, 12);
    const key = createSecretKey(keyBytes);
    keyBytes.fill(0);
    if (this.#uses++ < usesBeforeHeld) return key;
    this.#held = key;
    holdKey(this);
    return key;
  }
}
