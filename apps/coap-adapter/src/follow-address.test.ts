import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { coapCode, createCoapEndpoint, decodeMessage, formatCode } from '@rollcall/coap';
import { createCoapClient } from '@rollcall/coap/testing';
import { later } from '@rollcall/core';
import { createDtlsServer, type Association, type Peer } from '@rollcall/dtls';
import { createDtlsClient } from '@rollcall/dtls/testing';
import { describe, expect, test } from 'vitest';
import { followAddress, pathOf } from './follow-address.ts';

const secret = Buffer.from('hono-secret');
const home: Peer = { address: '192.0.2.1', port: 4711 };
const moved: Peer = { address: '198.51.100.7', port: 815 };
const stranger: Peer = { address: '203.0.113.66', port: 1 };

function nameOf({ address, port }: Peer): string {
  return `${address}:${port}`;
}

/** What becomes of a datagram on its way; by default it arrives at once. */
interface Way {
  toServer(datagram: Buffer, from: Peer, deliver: (from: Peer) => void): void;
  /** To whoever is at that address. */
  toPeer(datagram: Buffer, to: Peer, deliver: () => void): void;
}

/** A device and the server, in one process, and a judge of every datagram that the server sends. */
function givenADevice(seed: number, way: Partial<Way> = {}) {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  let at = home;
  /** Addresses that proved that they receive: by a handshake, or by the answer to a probe that went there. */
  const proved = new Set([nameOf(home)]);
  const probed = new Map<string, Set<number>>();
  const bytes = new Map<string, { to: number; from: number }>();
  const broken: string[] = [];
  const answersTo: string[] = [];
  let isProbe = false;

  function traffic(peer: Peer): { to: number; from: number } {
    const name = nameOf(peer);
    const known = bytes.get(name) ?? { to: 0, from: 0 };
    bytes.set(name, known);
    return known;
  }

  function judge(datagram: Buffer, peer: Peer): void {
    const name = nameOf(peer);
    traffic(peer).to += datagram.length;
    if (isProbe || proved.has(name)) {
      if (!isProbe) answersTo.push(name);
    } else broken.push(`an answer to ${name}`);
    const { to, from } = traffic(peer);
    if (!proved.has(name) && to > 3 * from) broken.push(`${to} bytes to ${name} for ${from}`);
  }

  const dtls = createDtlsServer<string>({
    clock,
    connectionIdBytes: 6,
    randomBytes: (count) => random.bytes(count),
    findPsk: async () => ({ secret, principal: 'sensor1' }),
    send(datagram, peer) {
      judge(datagram, peer);
      // Never within `send`: nothing arrives before it is on its way.
      const deliver = (): void => queueMicrotask(() => clientDtls.receive(datagram));
      if (way.toPeer) way.toPeer(datagram, peer, deliver);
      else if (peer.address === at.address && peer.port === at.port) deliver();
    },
    onOpen() {},
    onCandidatePeer: (association, candidate) => followAddress(coap, watched(association), candidate),
    onMessage(association, plaintext, from) {
      const message = decodeMessage(plaintext);
      const isAnswer = !('problem' in message) && message.code === coapCode.empty && message.type !== 'CON';
      if (isAnswer && probed.get(nameOf(from))?.has(message.id)) proved.add(nameOf(from));
      coap.receive(plaintext, watched(association), pathOf(association, from));
    },
    onClose: () => broken.push('the association is closed'),
  });
  const watchedOnes = new Map<unknown, Association<string>>();

  /** The association, with its probes told from its answers. */
  function watched(association: Association<string>): Association<string> {
    const known = watchedOnes.get(association);
    if (known) return known;
    const made = new Proxy(association, {
      get(target, name) {
        if (name === 'send') return (plaintext: Uint8Array) => target.send(plaintext);
        if (name === 'confirmPeer') return (candidate: Peer) => target.confirmPeer(candidate);
        if (name !== 'sendToCandidate') return Reflect.get(target, name, target);
        return (candidate: Peer, plaintext: Uint8Array) => {
          const message = decodeMessage(plaintext);
          if ('problem' in message || formatCode(message.code) !== '0.00')
            broken.push('a probe that is none');
          else {
            const ids = probed.get(nameOf(candidate)) ?? new Set();
            probed.set(nameOf(candidate), ids.add(message.id));
          }
          isProbe = true;
          try {
            return target.sendToCandidate(candidate, plaintext);
          } finally {
            isProbe = false;
          }
        };
      },
    });
    watchedOnes.set(association, made);
    return made;
  }

  const coap = createCoapEndpoint<Association<string>>({
    clock,
    random,
    ackAfterMs: 500,
    send: (datagram, association) => association.send(datagram),
    isVerified: () => true,
    handle: async () => ({ code: coapCode.changed }),
  });

  const clientDtls = createDtlsClient({
    clock,
    psk: { identity: Buffer.from('sensor1'), secret },
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
    connectionId: Buffer.from('dev1'),
    randomBytes: (count) => random.bytes(count),
    send(datagram) {
      const deliver = (from: Peer): void => {
        traffic(from).from += datagram.length;
        queueMicrotask(() => dtls.receive(datagram, from));
      };
      if (way.toServer) way.toServer(datagram, at, deliver);
      else deliver(at);
    },
    onMessage: (plaintext) => client.receive(plaintext),
  });
  const client = createCoapClient({
    clock,
    random,
    send: (message) => clientDtls.send(message),
  });

  return {
    clock,
    random,
    client,
    dtls,
    broken,
    answersTo,
    async connect(): Promise<void> {
      clientDtls.connect();
      while (!clientDtls.isOpen) await settled();
    },
    moveTo(peer: Peer): void {
      at = peer;
    },
    /** Asks, and says the code of the answer once it is there. */
    ask(): { answer: string | undefined } {
      const asked: { answer: string | undefined } = { answer: undefined };
      client
        .request({ path: ['telemetry'] })
        .then(({ code }) => (asked.answer = formatCode(code)))
        .catch(() => (asked.answer = 'none'));
      return asked;
    },
  };
}

describe('a device that changes its address', () => {
  test('is answered at the new one, which it has proved by then, and its association goes on', async () => {
    const { connect, moveTo, ask, broken, answersTo, dtls } = givenADevice(1);
    await connect();
    for (const peer of [moved, home, moved]) {
      moveTo(peer);
      const asked = ask();
      while (asked.answer === undefined) await settled();
      expect(asked.answer).toBe('2.04');
      expect(answersTo.at(-1)).toBe(nameOf(peer));
    }
    expect(broken).toEqual([]);
    expect(dtls.counters).toMatchObject({ handshakes: 1, addressChanges: 3 });
  });
});

describe('what somebody relays', () => {
  test('redirects no answer: it goes to the device, after 2 s', async () => {
    let relays = false;
    const { connect, ask, broken, answersTo, clock, dtls } = givenADevice(1, {
      toServer: (_datagram, from, deliver) => deliver(relays ? stranger : from),
      toPeer: (_datagram, to, deliver) => void (to.address === home.address && deliver()),
    });
    await connect();
    const before = answersTo.length;
    relays = true;
    const asked = ask();
    await clock.advanceAsync(1_999);
    expect(answersTo).toHaveLength(before);
    await clock.advanceAsync(1);
    expect(answersTo.slice(before)).toEqual([nameOf(home)]);
    expect(asked.answer).toBe('2.04');
    expect(broken).toEqual([]);
    expect(dtls.counters.addressChanges).toBe(0);
  });
});

/** What the one in the middle may do with a datagram of the device. */
const tricks = [
  'pass',
  'pass',
  'pass',
  'relay',
  'relay and pass',
  'pass and relay',
  'lose',
  'delay',
] as const;
const evil = [1, 2, 3, 4, 5].map((port) => ({ address: '203.0.113.66', port }));

describe.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
  'whatever somebody on the way does (seed %i)',
  (seed) => {
    test('no answer goes to an address that did not answer a probe, and afterwards the device is answered', async () => {
      // given somebody who sends on what the device says from addresses of their own, and hands on to it what arrives at some of them
      let isThere = true;
      const forwards = new Set(evil.slice(0, seed % 3).map(nameOf));
      let now = home;
      const bed = givenADevice(seed, {
        toServer(_datagram, from, deliver) {
          const trick = isThere && isOpen ? tricks[bed.random.pick(tricks.length)] : 'pass';
          const other = evil[bed.random.pick(evil.length)] ?? stranger;
          const delay = (peer: Peer): void =>
            void bed.clock.at(later(bed.clock.monotonic(), bed.random.pick(5_000)), () => deliver(peer));
          if (trick === 'relay' || trick === 'relay and pass') deliver(other);
          if (trick !== 'relay' && trick !== 'lose' && trick !== 'delay') deliver(from);
          if (trick === 'pass and relay') deliver(other);
          if (trick === 'delay') delay(bed.random.pick(2) === 0 ? from : other);
        },
        toPeer(_datagram, to, deliver) {
          const isDevices = to.address === now.address && to.port === now.port;
          if (isDevices || (isThere && forwards.has(nameOf(to)))) deliver();
        },
      });
      let isOpen = false;
      await bed.connect();
      isOpen = true;
      // when it talks and moves
      for (let step = 0; step < 60; step++) {
        if (bed.random.pick(8) === 0) {
          now = { address: '198.51.100.7', port: 1_000 + bed.random.pick(3) };
          bed.moveTo(now);
        }
        bed.ask();
        await bed.clock.advanceAsync(bed.random.pick(3_000));
      }
      // then
      expect(bed.broken).toEqual([]);
      // and when they leave, the device is answered wherever it is
      isThere = false;
      await bed.clock.advanceAsync(100_000);
      const asked = bed.ask();
      await bed.clock.advanceAsync(30_000);
      expect(asked.answer).toBe('2.04');
      expect(bed.answersTo.at(-1)).toBe(nameOf(now));
      expect(bed.broken).toEqual([]);
      bed.client.close();
    });
  },
);
