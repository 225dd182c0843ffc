import { hash, timingSafeEqual } from 'node:crypto';
import type { HelloStart } from '../wire/client-hello.ts';

/** A longer one is not safer, and the answer must stay smaller than the question. */
const cookieBytes = 20;

/** Proves, without remembering anything, that a client receives what is sent to its address (RFC 6347 §4.2.1). */
export interface HelloCookies {
  cookieFor(peerKey: string, hello: HelloStart): Buffer;
  isGenuine(peerKey: string, hello: HelloStart): boolean;
}

export interface HelloCookiesOptions {
  readonly monotonic: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** How long a secret makes cookies. Its cookies are accepted for as long again. */
  readonly rotationMs: number;
}

export function createHelloCookies({
  monotonic,
  randomBytes,
  rotationMs,
}: HelloCookiesOptions): HelloCookies {
  const newSecret = (): CookieSecret => new CookieSecret(randomBytes(32));
  let current = newSecret();
  let previous = newSecret();
  let rotatedAt = monotonic();

  function rotate(): void {
    const ageMs = monotonic() - rotatedAt;
    if (ageMs < rotationMs) return;
    previous = ageMs < 2 * rotationMs ? current : newSecret();
    current = newSecret();
    rotatedAt += ageMs;
  }

  return {
    cookieFor(peerKey, hello) {
      rotate();
      return current.cookie(peerKey, hello);
    },
    isGenuine(peerKey, hello) {
      rotate();
      if (hello.cookie.length !== cookieBytes) return false;
      return (
        timingSafeEqual(hello.cookie, current.cookie(peerKey, hello)) ||
        timingSafeEqual(hello.cookie, previous.cookie(peerKey, hello))
      );
    },
  };
}

const hashBytes = 32;
/** SHA-256 takes this much at a time. */
const blockBytes = 64;
/** Random, session id with its length, and the longest address with zone and port. */
const maxTextBytes = 32 + 33 + 128;

/**
 * Makes cookies by HMAC-SHA-256 (RFC 2104), out of hashes in one call each. An attacker who forges addresses makes the server do it for
 * each datagram, and an object of `createHmac` costs twice as much. The secret is kept in the pads only.
 */
class CookieSecret {
  readonly #inner = Buffer.alloc(blockBytes + maxTextBytes, 0x36);
  readonly #outer = Buffer.alloc(blockBytes + hashBytes, 0x5c);

  constructor(secret: Uint8Array) {
    secret.forEach((byte, at) => {
      this.#inner[at] = byte ^ 0x36;
      this.#outer[at] = byte ^ 0x5c;
    });
  }

  /** Bound to the fields before the cookie, so that the first fragment is enough; the Finished covers the rest. */
  cookie(peerKey: string, { random, sessionId }: HelloStart): Buffer {
    const inner = this.#inner;
    const length = blockBytes + random.length + 1 + sessionId.length + peerKey.length;
    if (length > inner.length) throw new RangeError('no address is that long');
    let at = blockBytes;
    inner.set(random, at);
    inner[(at += random.length)] = sessionId.length;
    inner.set(sessionId, (at += 1));
    inner.write(peerKey, at + sessionId.length, 'latin1');
    // Neither hash is secret: the outer one is sent. As strings they cost a third of what buffers cost.
    this.#outer.write(hash('sha256', inner.subarray(0, length), 'binary'), blockBytes, 'latin1');
    return Buffer.from(hash('sha256', this.#outer, 'binary'), 'latin1').subarray(0, cookieBytes);
  }
}
