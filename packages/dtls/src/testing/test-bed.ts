import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  createCertificateAuthority,
  type CertificateAuthority,
  type IssuedCertificate,
} from '@rollcall/conformance';
import { cipherSuiteNames } from '../crypto/cipher-suite.ts';
import { createDtlsServer, type DtlsServer } from '../server/dtls-server.ts';
import type { Association } from '../server/association.ts';
import type { DtlsClock, DtlsServerOptions, ServerCertificate } from '../server/options.ts';
import { peerKey, type Peer } from '../server/peer.ts';
import type { DtlsClientOptions } from './client-options.ts';
import { createDtlsClient, type DtlsClient } from './dtls-client.ts';

export interface TestBedOptions {
  readonly clock: DtlsClock & { now(): number; advance(durationMs: number): void };
  /** Waits for the promises that are ready. */
  settled(): Promise<void>;
  readonly server?: Partial<DtlsServerOptions<string>>;
  /** What becomes of a datagram: the datagrams that arrive. */
  readonly network?: (datagram: Buffer) => readonly Buffer[];
  /** Below this number, out of which a datagram's place in the queue comes; 0 keeps the order. */
  readonly placeInQueue?: (queued: number) => number;
}

export interface TestDevice {
  readonly client: DtlsClient;
  readonly received: readonly string[];
  readonly closed: readonly string[];
  /** What it sent so far. */
  readonly sent: readonly Buffer[];
  /** From now on it is heard of from here. */
  peer: Peer;
}

/** A server and its clients in one process: nothing arrives unless `run` lets it. */
export interface TestBed {
  readonly server: DtlsServer<string>;
  /** `open sensor1`, `message 127.0.0.1:1 hello`, `close sensor1 idle`, `failed timeout`. */
  readonly log: readonly string[];
  readonly associations: readonly Association<string>[];
  /** Datagrams of the server so far. */
  readonly answers: readonly Buffer[];
  /** Where they went, as `10.9.9.9:999`. */
  readonly destinations: readonly string[];
  /** @param network what becomes of a datagram of this device. */
  device(
    options: Omit<DtlsClientOptions, 'clock' | 'send'>,
    peer?: Peer,
    network?: TestBedOptions['network'],
  ): TestDevice;
  /** A datagram that somebody sends in the name of `peer`. */
  forge(datagram: Uint8Array, peer: Peer): void;
  /** Until nothing is under way. */
  run(): Promise<void>;
  /** The same, while time goes by. */
  runFor(durationMs: number): Promise<void>;
}

const stepMs = 100;
const psk = Buffer.from('hono-secret');

/** Whose certificates the server trusts. */
export const authority: CertificateAuthority = createCertificateAuthority('CN=devices');

/** What proves that one is whom a certificate names. */
export function proofOf({ der, key }: IssuedCertificate): ServerCertificate {
  return { chain: [der], key: createPrivateKey(key) };
}

/** What a device called sensor1 has to prove it with. */
export const sensor1: Required<Pick<DtlsClientOptions, 'psk' | 'certificate'>> = {
  psk: { identity: Buffer.from('sensor1'), secret: psk },
  certificate: proofOf(authority.issue({ subject: 'CN=sensor1' })),
};

export function createTestBed(options: TestBedOptions): TestBed {
  const { clock, settled, network = (datagram) => [datagram], placeInQueue = (queued) => queued } = options;
  const queue: (() => void)[] = [];
  const log: string[] = [];
  const answers: Buffer[] = [];
  const destinations: string[] = [];
  const associations: Association<string>[] = [];
  const devices = new Map<string, DtlsClient>();
  let nextPort = 1;

  function deliver(datagram: Buffer, arrive: (datagram: Buffer) => void): void {
    for (const each of network(datagram)) queue.splice(placeInQueue(queue.length), 0, () => arrive(each));
  }

  const server = createDtlsServer<string>({
    clock,
    send(datagram, peer) {
      answers.push(datagram);
      destinations.push(`${peer.address}:${peer.port}`);
      deliver(datagram, (arrived) => devices.get(peerKey(peer))?.receive(arrived));
    },
    onOpen(association) {
      associations.push(association);
      log.push(`open ${association.principal}`);
    },
    onMessage(association, plaintext, from) {
      log.push(`message ${from.address}:${from.port} ${plaintext.toString()}`);
      association.send(plaintext);
    },
    onClose: (association, reason) => log.push(`close ${association.principal} ${reason}`),
    onHandshakeFailed: (_, failure) => log.push(`failed ${failure}`),
    findPsk: async (identity) => {
      const isKnown = /^sensor\d+$/.test(identity.toString());
      return isKnown ? { secret: psk, principal: identity.toString() } : undefined;
    },
    certificate: proofOf(createCertificateAuthority('CN=adapter')),
    verifyCertificate: async ([der]) => (der && isTrusted(new X509Certificate(der)) ? 'sensor1' : undefined),
    principalKey: (principal) => principal,
    cipherSuites: cipherSuiteNames,
    ...options.server,
    limits: { maxAssociationsPerPrincipal: 0, ...options.server?.limits },
  });

  function isTrusted(certificate: X509Certificate): boolean {
    const isValid =
      clock.now() >= Date.parse(certificate.validFrom) && clock.now() < Date.parse(certificate.validTo);
    return isValid && certificate.verify(new X509Certificate(authority.der).publicKey);
  }

  async function run(): Promise<void> {
    do {
      for (let arrive = queue.shift(); arrive !== undefined; arrive = queue.shift()) arrive();
      await settled();
    } while (queue.length > 0);
  }

  return {
    server,
    log,
    associations,
    answers,
    destinations,
    device(
      clientOptions,
      at = { address: '127.0.0.1', port: nextPort++ },
      itsNetwork = (datagram) => [datagram],
    ) {
      const received: string[] = [];
      const closed: string[] = [];
      const sent: Buffer[] = [];
      let peer = at;
      const client = createDtlsClient({
        clock,
        onMessage: (plaintext) => received.push(plaintext.toString()),
        onClose: (reason) => closed.push(reason),
        ...clientOptions,
        send(datagram) {
          sent.push(datagram);
          const from = peer;
          for (const each of itsNetwork(datagram)) deliver(each, (arrived) => server.receive(arrived, from));
        },
      });
      devices.set(peerKey(peer), client);
      return {
        client,
        received,
        closed,
        sent,
        get peer() {
          return peer;
        },
        set peer(next) {
          peer = next;
          devices.set(peerKey(next), client);
        },
      };
    },
    forge: (datagram, peer) => server.receive(datagram, peer),
    run,
    async runFor(durationMs) {
      await run();
      for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
        clock.advance(stepMs);
        await run();
      }
    },
  };
}
