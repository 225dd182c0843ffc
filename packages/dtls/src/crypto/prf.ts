import { createHmac, type KeyObject } from 'node:crypto';

const hashBytes = 32;

/** The pseudo-random function of TLS 1.2 with SHA-256 (RFC 5246 §5). */
export function prf(secret: KeyObject, label: string, seed: Uint8Array, length: number): Buffer {
  const labelled = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  const output = Buffer.allocUnsafe(Math.ceil(length / hashBytes) * hashBytes);
  let chained = hmac(secret, labelled);
  for (let at = 0; ;) {
    createHmac('sha256', secret).update(chained).update(labelled).digest().copy(output, at);
    at += hashBytes;
    if (at >= length) return output.subarray(0, length);
    chained = hmac(secret, chained);
  }
}

function hmac(secret: KeyObject, bytes: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(bytes).digest();
}
