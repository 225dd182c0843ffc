import { describe, expect, test } from 'vitest';
import type { KeyExchange } from '../crypto/cipher-suite.ts';
import { sensor1 } from '../testing/test-bed.ts';
import type { HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { Malformed } from '../wire/malformed.ts';
import { vector16, vector24, vector8 } from '../wire/vectors.ts';
import { createClientFlight, type ClientFlight } from './client-flight.ts';

interface Given {
  readonly flight: ClientFlight;
  /** Points that a key was agreed on with, or was to be. */
  readonly points: readonly Buffer[];
  readonly outcomes: readonly unknown[];
  readonly malformed: () => number;
}

function given(keyExchange: KeyExchange, isOnCurve: (point: Buffer) => boolean = () => true): Given {
  const points: Buffer[] = [];
  const outcomes: unknown[] = [];
  let malformed = 0;
  const flight = createClientFlight<string>({
    keyExchange,
    firstSequence: 2,
    transcript: [],
    randoms: { client: Buffer.alloc(32), server: Buffer.alloc(32) },
    extendedMasterSecret: false,
    ephemeral: {
      parameters: Buffer.alloc(0),
      point: Buffer.alloc(65),
      agree(point) {
        points.push(point);
        if (!isOnCurve(point)) throw new Malformed('no point of the curve');
        return Buffer.alloc(32);
      },
    },
    randomBytes: (count) => Buffer.alloc(count),
    findPsk: async () => undefined,
    onOutcome: (outcome) => outcomes.push(outcome),
    onKeyExchange() {},
    onMalformed: () => malformed++,
    onThrown(error) {
      throw error;
    },
    onLookupFailed() {},
  });
  return { flight, points, outcomes, malformed: () => malformed };
}

function whole(type: number, sequence: number, body: Buffer): HandshakeFragment {
  return { type, length: body.length, sequence, offset: 0, bytes: body };
}

const certificates = whole(
  handshakeType.certificate,
  2,
  vector24(Buffer.concat(sensor1.certificate.chain.map(vector24))),
);
const keyExchangeWith = (point: Buffer): HandshakeFragment =>
  whole(handshakeType.clientKeyExchange, 3, vector8(point));
/** One byte of it changes. */
const bad = (count: number): Buffer => Buffer.alloc(65, count);

describe('messages that cannot be read', () => {
  test.each([15, 16, 100])(
    'of %d key exchanges whose point is none, sixteen cost a key at the most',
    (many) => {
      const { flight, points, malformed } = given('ecdhe_ecdsa', (point) => point[0] === 0);
      flight.add(certificates);
      for (let i = 1; i <= many; i++) flight.add(keyExchangeWith(bad(i)));
      expect(points).toHaveLength(Math.min(many, 16));
      expect(malformed()).toBe(many);
      // The client's own is taken, unless there were too many.
      flight.add(keyExchangeWith(bad(0)));
      expect(points).toHaveLength(16);
    },
  );

  test('do not end a flight until there were sixteen, whichever message it was', () => {
    for (const many of [15, 16]) {
      const { flight, outcomes, malformed } = given('ecdhe_ecdsa');
      flight.add(certificates);
      flight.add(keyExchangeWith(bad(0)));
      for (let i = 0; i < many; i++)
        flight.add(whole(handshakeType.certificateVerify, 4, Buffer.from([4, 3, 0, 9, i])));
      expect(malformed()).toBe(many);
      expect(outcomes).toHaveLength(0);
      const proof = Buffer.concat([Buffer.from([4, 3]), vector16(Buffer.alloc(70))]);
      flight.add(whole(handshakeType.certificateVerify, 4, proof));
      expect(outcomes).toHaveLength(many < 16 ? 1 : 0);
    }
  });
});
