import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { HelloStart } from '../wire/client-hello.ts';
import { vector8 } from '../wire/vectors.ts';

/** Longer is no safer, and the answer must stay smaller than the question. */
const cookieBytes = 20;

/** Proves, without remembering anything, that a client receives what is sent to its address (RFC 6347 §4.2.1). */
export interface HelloCookies {
  cookieFor(peerKey: string, hello: HelloStart): Buffer;
  isGenuine(peerKey: string, hello: HelloStart): boolean;
}

export interface HelloCookiesOptions {
  readonly monotonic: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** How long a secret makes cookies. What it made is accepted for as long again. */
  readonly rotationMs: number;
}

export function createHelloCookies({
  monotonic,
  randomBytes,
  rotationMs,
}: HelloCookiesOptions): HelloCookies {
  const newSecret = (): KeyObject => createSecretKey(randomBytes(32));
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

  /** Bound to what stands before the cookie, so that the first fragment is enough; the Finished covers the rest. */
  function cookie(secret: KeyObject, peerKey: string, { random, sessionId }: HelloStart): Buffer {
    const mac = createHmac('sha256', secret).update(random).update(vector8(sessionId)).update(peerKey);
    return mac.digest().subarray(0, cookieBytes);
  }

  return {
    cookieFor(peerKey, hello) {
      rotate();
      return cookie(current, peerKey, hello);
    },
    isGenuine(peerKey, hello) {
      rotate();
      if (hello.cookie.length !== cookieBytes) return false;
      return (
        timingSafeEqual(hello.cookie, cookie(current, peerKey, hello)) ||
        timingSafeEqual(hello.cookie, cookie(previous, peerKey, hello))
      );
    },
  };
}
