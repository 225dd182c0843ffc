import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { coapCode, createCoapEndpoint } from '@rollcall/coap';
import { formatCode } from '@rollcall/coap/codec';
import { createCoapClient, type CoapClient } from '@rollcall/coap/testing';
import { createDtlsServer, type Association, type DtlsServer, type Peer } from '@rollcall/dtls';
import { createDtlsClient } from '@rollcall/dtls/testing';
import { followAddress, pathOf } from '../follow-address.ts';
import { createAddressJudge, type AddressJudge } from './address-judge.ts';

/** What happens to a datagram on its way; by default it arrives at once, where the device is. */
export interface Way {
  toServer(datagram: Buffer, from: Peer, deliver: (from: Peer) => void): void;
  /** A datagram for that address; `deliver` hands it to the device. */
  toPeer(datagram: Buffer, to: Peer, deliver: () => void): void;
}

/** A device with a connection id and the server, in one process, with a judge of every datagram. */
export interface MovingDevice extends Pick<AddressJudge, 'broken' | 'answersTo'> {
  readonly clock: ManualClock;
  readonly random: ReturnType<typeof seededRandom>;
  readonly dtls: DtlsServer;
  readonly client: CoapClient;
  connect(): Promise<void>;
  moveTo(peer: Peer): void;
  /** Sends a request. The result has the code of the answer once it is there; `none` if it never comes. */
  ask(): { answer: string | undefined };
}

export const home: Peer = { address: '192.0.2.1', port: 4711 };
const secret = Buffer.from('hono-secret');

export function givenAMovingDevice(seed: number, way: Partial<Way> = {}): MovingDevice {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  const judge = createAddressJudge(home);
  let at = home;

  const dtls = createDtlsServer<string>({
    clock,
    connectionIdBytes: 6,
    randomBytes: (count) => random.bytes(count),
    findPsk: async () => ({ secret, principal: 'sensor1' }),
    send(datagram, peer) {
      judge.sent(datagram, peer);
      // Never within `send`: nothing arrives before it is on its way.
      const deliver = (): void => queueMicrotask(() => device.receive(datagram));
      if (way.toPeer) way.toPeer(datagram, peer, deliver);
      else if (peer.address === at.address && peer.port === at.port) deliver();
    },
    onOpen() {},
    onCandidatePeer: (association, candidate) => followAddress(coap, judge.watched(association), candidate),
    onMessage(association, plaintext, from) {
      judge.heard(plaintext, from);
      coap.receive(plaintext, judge.watched(association), pathOf(association, from));
    },
    onClose() {},
  });

  const coap = createCoapEndpoint<Association<string>>({
    clock,
    random,
    ackAfterMs: 500,
    send: (datagram, association) => association.send(datagram),
    isVerified: () => true,
    handle: async () => ({ code: coapCode.changed }),
  });

  const device = createDtlsClient({
    clock,
    psk: { identity: Buffer.from('sensor1'), secret },
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
    connectionId: Buffer.from('dev1'),
    randomBytes: (count) => random.bytes(count),
    send(datagram) {
      const deliver = (from: Peer): void => {
        judge.arrived(datagram, from);
        queueMicrotask(() => dtls.receive(datagram, from));
      };
      if (way.toServer) way.toServer(datagram, at, deliver);
      else deliver(at);
    },
    onMessage: (plaintext) => client.receive(plaintext),
  });
  const client = createCoapClient({ clock, random, send: (message) => device.send(message) });

  return {
    clock,
    random,
    dtls,
    client,
    broken: judge.broken,
    answersTo: judge.answersTo,
    async connect() {
      device.connect();
      while (!device.isOpen) await settled();
    },
    moveTo(peer) {
      at = peer;
    },
    ask() {
      const asked: { answer: string | undefined } = { answer: undefined };
      client.request({ path: ['telemetry'] }).then(
        ({ code }) => (asked.answer = formatCode(code)),
        () => (asked.answer = 'none'),
      );
      return asked;
    },
  };
}
