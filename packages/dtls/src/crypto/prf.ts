import { hash } from 'node:crypto';

const hashBytes = 32;
/** SHA-256 takes this much at a time. */
const blockBytes = 64;
/** The longest label of TLS 1.2, and two random values after it. */
const maxLabelledBytes = 96;

/*
 * HMAC made of hashes in one call each (RFC 2104). An object of `createHmac` costs three times what it computes, and each handshake
 * needs a dozen. These are made once and filled in for each call; nothing of a secret is left in them.
 *
 *     first    key ^ ipad | label | seed             A(1)
 *     inner    key ^ ipad | A(i)  | label | seed     the next block of output, or without what follows A(i) the next A(i)
 *     outer    key ^ opad | inner hash
 */
const first = Buffer.alloc(blockBytes + maxLabelledBytes);
const inner = Buffer.alloc(blockBytes + hashBytes + maxLabelledBytes);
const outer = Buffer.alloc(blockBytes + hashBytes);
const chaining = inner.subarray(0, blockBytes + hashBytes);

/**
 * The pseudo-random function of TLS 1.2 with SHA-256 (RFC 5246 §5).
 *
 * @throws RangeError where label and seed are longer than any of TLS 1.2.
 */
export function prf(secret: Uint8Array, label: string, seed: Uint8Array, length: number): Buffer {
  const labelledBytes = label.length + seed.length;
  if (labelledBytes > maxLabelledBytes) throw new RangeError('label and seed are too long');
  const key = secret.length > blockBytes ? hash('sha256', secret, 'buffer') : secret;
  for (let at = 0; at < blockBytes; at++) {
    const byte = key[at] ?? 0;
    first[at] = byte ^ 0x36;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  first.write(label, blockBytes, 'latin1');
  first.set(seed, blockBytes + label.length);
  inner.write(label, blockBytes + hashBytes, 'latin1');
  inner.set(seed, blockBytes + hashBytes + label.length);
  const output = Buffer.allocUnsafe(Math.ceil(length / hashBytes) * hashBytes);
  const expanding = inner.subarray(0, blockBytes + hashBytes + labelledBytes);
  inner.write(next(first.subarray(0, blockBytes + labelledBytes)), blockBytes, 'latin1');
  for (let at = 0; ;) {
    output.set(outputBlock(expanding), at);
    at += hashBytes;
    if (at >= length) break;
    inner.write(next(chaining), blockBytes, 'latin1');
  }
  first.fill(0, 0, blockBytes);
  inner.fill(0, 0, blockBytes + hashBytes);
  outer.fill(0);
  return output.subarray(0, length);
}

// Inner hashes and A(i) are not secret: without the key nothing follows from them. As strings they cost a third of what buffers cost.

function next(padded: Uint8Array): string {
  outer.write(hash('sha256', padded, 'binary'), blockBytes, 'latin1');
  return hash('sha256', outer, 'binary');
}

function outputBlock(padded: Uint8Array): Buffer {
  outer.write(hash('sha256', padded, 'binary'), blockBytes, 'latin1');
  return hash('sha256', outer, 'buffer');
}
