import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import type { Protection, RecordContext } from './protection.ts';

export interface CbcKeys {
  readonly key: Uint8Array;
  readonly macKey: Uint8Array;
  /** RFC 7366: the MAC is over the ciphertext, which is the order that is safe. */
  readonly encryptThenMac: boolean;
  /** For IVs, which must not be predictable (RFC 5246 §6.2.3.2). */
  readonly randomBytes: (count: number) => Uint8Array;
}

const blockBytes = 16;
const macBytes = 32;
/** SHA-256 takes this much at a time. */
const hashBlockBytes = 64;

/** AES-128-CBC with HMAC-SHA256 (RFC 5246 §6.2.3.2), for peers that support nothing better: see `cipherSuites` in the README. */
export function createCbcProtection({ key, macKey, encryptThenMac, randomBytes }: CbcKeys): Protection {
  const cipherKey = createSecretKey(key);
  const mac = createSecretKey(macKey);

  function encrypt(plaintext: Uint8Array): Buffer {
    const iv = randomBytes(blockBytes);
    const cipher = createCipheriv('aes-128-cbc', cipherKey, iv).setAutoPadding(false);
    const padBytes = blockBytes - (plaintext.length % blockBytes);
    return Buffer.concat([
      iv,
      cipher.update(plaintext),
      cipher.update(Buffer.alloc(padBytes, padBytes - 1)),
      cipher.final(),
    ]);
  }

  function decrypt(ciphertext: Buffer): Buffer | undefined {
    if (ciphertext.length < 2 * blockBytes || ciphertext.length % blockBytes !== 0) return undefined;
    const iv = ciphertext.subarray(0, blockBytes);
    return createDecipheriv('aes-128-cbc', cipherKey, iv)
      .setAutoPadding(false)
      .update(ciphertext.subarray(blockBytes));
  }

  if (encryptThenMac)
    return {
      seal(context, plaintext) {
        const ciphertext = encrypt(plaintext);
        return Buffer.concat([ciphertext, macOf(mac, context, ciphertext)]);
      },
      open(context, fragment) {
        if (fragment.length < macBytes) return undefined;
        const ciphertext = fragment.subarray(0, -macBytes);
        if (!timingSafeEqual(macOf(mac, context, ciphertext), fragment.subarray(-macBytes))) return undefined;
        const padded = decrypt(ciphertext);
        // The MAC has proved that the padding is the peer's own: its check may take different times.
        const padBytes = (padded?.at(-1) ?? 0) + 1;
        return padded && padBytes <= padded.length ? padded.subarray(0, -padBytes) : undefined;
      },
    };
  return {
    seal: (context, plaintext) => encrypt(Buffer.concat([plaintext, macOf(mac, context, plaintext)])),
    open(context, fragment) {
      const padded = decrypt(fragment);
      return padded && openMacThenEncrypt(mac, context, padded);
    },
  };
}

function macOf(mac: KeyObject, context: RecordContext, bytes: Uint8Array): Buffer {
  context.writeUInt16BE(bytes.length, context.length - 2);
  return createHmac('sha256', mac).update(context).update(bytes).digest();
}

/**
 * Does the same work whatever the padding says, as far as JavaScript allows. An attacker who measures well may still learn part of the
 * plaintext (the attack is called Lucky Thirteen), so this mode is only for peers that support no other.
 */
function openMacThenEncrypt(mac: KeyObject, context: RecordContext, padded: Buffer): Buffer | undefined {
  if (padded.length < macBytes + 1) return undefined;
  const longest = padded.length - macBytes - 1;
  const claimed = padded[padded.length - 1] ?? 0;
  let wrong = claimed > longest ? 1 : 0;
  const looked = Math.min(256, padded.length);
  for (let back = 1; back <= looked; back++) {
    const counts = back <= claimed + 1 ? 0xff : 0;
    wrong |= counts & ((padded[padded.length - back] ?? 0) ^ claimed);
  }
  const length = wrong === 0 ? longest - claimed : longest;
  const expected = macOf(mac, context, padded.subarray(0, length));
  const spared = Math.ceil(longest / hashBlockBytes) - Math.ceil(length / hashBlockBytes);
  hash('sha256', Buffer.alloc((spared + 1) * hashBlockBytes), 'buffer');
  const authentic = timingSafeEqual(expected, padded.subarray(length, length + macBytes));
  return authentic && wrong === 0 ? padded.subarray(0, length) : undefined;
}
