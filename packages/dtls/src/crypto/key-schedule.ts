import { hash, timingSafeEqual } from 'node:crypto';
import { ownCopy } from '../wire/own-copy.ts';
import { prf } from './prf.ts';
import type { CipherSuite } from './cipher-suite.ts';
import { AeadProtection } from './aead-protection.ts';
import { createCbcProtection } from './cbc-protection.ts';
import type { Protection } from './protection.ts';

const masterBytes = 48;
const finishedBytes = 12;
const keyBytes = 16;
const saltBytes = 4;
const macKeyBytes = 32;

/** The two random values that a handshake begins with. */
export interface HelloRandoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** @param secret of a pre-shared key. @param other comes from ECDHE, or is as many zeros (RFC 4279 §2, RFC 5489 §2). */
export function pskPremaster(secret: Uint8Array, other: Uint8Array = Buffer.alloc(secret.length)): Buffer {
  const premaster = Buffer.alloc(4 + other.length + secret.length);
  premaster.writeUInt16BE(other.length, 0);
  premaster.set(other, 2);
  premaster.writeUInt16BE(secret.length, 2 + other.length);
  premaster.set(secret, 4 + other.length);
  return premaster;
}

/** RFC 5246 §8.1. Overwrites the premaster secret: it is not needed any more. */
export function masterSecret(premaster: Uint8Array, randoms: HelloRandoms): Uint8Array {
  return derive(premaster, 'master secret', Buffer.concat([randoms.client, randoms.server]));
}

/** RFC 7627 §4: bound to all messages so far. Overwrites the premaster secret. */
export function extendedMasterSecret(premaster: Uint8Array, transcript: readonly Uint8Array[]): Uint8Array {
  return derive(premaster, 'extended master secret', transcriptHash(transcript));
}

/** What a Finished holds (RFC 5246 §7.4.9). */
export function finishedData(
  master: Uint8Array,
  side: 'client' | 'server',
  transcript: readonly Uint8Array[],
): Buffer {
  return prf(master, `${side} finished`, transcriptHash(transcript), finishedBytes);
}

export function isFinished(
  given: Uint8Array,
  master: Uint8Array,
  side: 'client' | 'server',
  transcript: readonly Uint8Array[],
): boolean {
  return given.length === finishedBytes && timingSafeEqual(given, finishedData(master, side, transcript));
}

export interface ConnectionKeys {
  readonly client: Protection;
  readonly server: Protection;
}

export interface KeyScheduleInput {
  readonly suite: CipherSuite;
  readonly master: Uint8Array;
  readonly randoms: HelloRandoms;
  readonly encryptThenMac: boolean;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** RFC 5246 §6.3. */
export function connectionKeys(input: KeyScheduleInput): ConnectionKeys {
  const { suite, master, randoms, encryptThenMac, randomBytes } = input;
  const seed = Buffer.concat([randoms.server, randoms.client]);
  const sizes = suite.cipher === 'cbc' ? [macKeyBytes, keyBytes] : [keyBytes, saltBytes];
  const [first = 0, second = 0] = sizes;
  const block = prf(master, 'key expansion', seed, 2 * (first + second));
  const protection = (side: 0 | 1): Protection => {
    const one = block.subarray(side * first, (side + 1) * first);
    const other = block.subarray(2 * first + side * second, 2 * first + (side + 1) * second);
    return suite.cipher === 'cbc'
      ? createCbcProtection({ macKey: one, key: other, encryptThenMac, randomBytes })
      : new AeadProtection(suite.cipher, suite.tagBytes, one, other);
  };
  const keys = { client: protection(0), server: protection(1) };
  block.fill(0);
  return keys;
}

function derive(premaster: Uint8Array, label: string, seed: Uint8Array): Uint8Array {
  const derived = prf(premaster, label, seed, masterBytes);
  premaster.fill(0);
  // A `KeyObject` would cost as much again outside of the heap, scattered among what a storm of handshakes leaves there.
  const master = ownCopy(derived);
  derived.fill(0);
  return master;
}

function transcriptHash(transcript: readonly Uint8Array[]): Buffer {
  // The hash is not secret; as a string it costs a third of what a buffer costs.
  return Buffer.from(hash('sha256', Buffer.concat(transcript), 'binary'), 'latin1');
}
