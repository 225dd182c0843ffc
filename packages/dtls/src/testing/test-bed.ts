import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  createCertificateAuthority,
  type CertificateAuthority,
  type IssuedCertificate,
} from '@rollcall/conformance/certificates';
import { cipherSuiteNames } from '../crypto/cipher-suite.ts';
import { createDtlsServer, type DtlsServer } from '../server/dtls-server.ts';
import type { Association } from '../server/association.ts';
import type { DtlsClock, DtlsServerOptions, ServerCertificate } from '../server/options.ts';
import { peerKey, type Peer } from '../server/peer.ts';
import type { DtlsClientOptions } from './client-options.ts';
import { createDatagramQueue, type DatagramQueue, type DatagramQueueOptions } from './datagram-queue.ts';
import { createDtlsClient, type DtlsClient } from './dtls-client.ts';

export interface TestBedOptions extends DatagramQueueOptions {
  readonly clock: TestClock;
  readonly server?: Partial<DtlsServerOptions<string>>;
}

type TestClock = DtlsClock & { now(): number; advance(durationMs: number): void };

export interface TestDevice {
  readonly client: DtlsClient;
  readonly received: readonly string[];
  readonly closed: readonly string[];
  /** What it sent so far. */
  readonly sent: readonly Buffer[];
  /** Where it is: its datagrams come from here, from now on. */
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
  /** A datagram arrives that an attacker sent in the name of `peer`. */
  forge(datagram: Uint8Array, peer: Peer): void;
  /** Delivers datagrams until none is on its way. */
  run(): Promise<void>;
  /** As `run`, while time passes. */
  runFor(durationMs: number): Promise<void>;
}

const stepMs = 100;
const psk = Buffer.from('hono-secret');

/** Whose certificates the server trusts. */
export const authority: CertificateAuthority = createCertificateAuthority('CN=devices');

/** The certificate and the key of its owner. */
export function proofOf({ der, key }: IssuedCertificate): ServerCertificate {
  return { chain: [der], key: createPrivateKey(key) };
}

/** The credentials of a device called sensor1. */
export const sensor1: Required<Pick<DtlsClientOptions, 'psk' | 'certificate'>> = {
  psk: { identity: Buffer.from('sensor1'), secret: psk },
  certificate: proofOf(authority.issue({ subject: 'CN=sensor1' })),
};

export function createTestBed(options: TestBedOptions): TestBed {
  const { clock } = options;
  const queue = createDatagramQueue(options);
  const log: string[] = [];
  const answers: Buffer[] = [];
  const destinations: string[] = [];
  const associations: Association<string>[] = [];
  const clients = new Map<string, DtlsClient>();
  let nextPort = 1;

  const server = createDtlsServer<string>({
    ...sensorsOnly(clock),
    clock,
    send(datagram, peer) {
      answers.push(datagram);
      destinations.push(`${peer.address}:${peer.port}`);
      queue.send(datagram, (arrived) => clients.get(peerKey(peer))?.receive(arrived));
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
    ...options.server,
    limits: { maxAssociationsPerPrincipal: 0, ...options.server?.limits },
  });

  return {
    server,
    log,
    associations,
    answers,
    destinations,
    device: (clientOptions, at = { address: '127.0.0.1', port: nextPort++ }, network) =>
      createTestDevice({ clientOptions, at, network, clock, queue, server, clients }),
    forge: (datagram, peer) => server.receive(datagram, peer),
    run: () => queue.run(),
    async runFor(durationMs) {
      await queue.run();
      for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
        clock.advance(stepMs);
        await queue.run();
      }
    },
  };
}

/** A server that lets in sensors: by the key that all have, or by a certificate of {@link authority}. */
function sensorsOnly(
  clock: TestClock,
): Pick<
  DtlsServerOptions<string>,
  'findPsk' | 'certificate' | 'verifyCertificate' | 'principalKey' | 'cipherSuites'
> {
  return {
    findPsk: async (identity) => {
      const isKnown = /^sensor\d+$/.test(identity.toString());
      return isKnown ? { secret: psk, principal: identity.toString() } : undefined;
    },
    certificate: proofOf(createCertificateAuthority('CN=adapter')),
    verifyCertificate: async ([der]) =>
      der && isTrusted(new X509Certificate(der), clock.now()) ? 'sensor1' : undefined,
    principalKey: (principal) => principal,
    cipherSuites: cipherSuiteNames,
  };
}

function isTrusted(certificate: X509Certificate, now: number): boolean {
  const isValid = now >= Date.parse(certificate.validFrom) && now < Date.parse(certificate.validTo);
  return isValid && certificate.verify(new X509Certificate(authority.der).publicKey);
}

interface TestDeviceParts {
  readonly clientOptions: Omit<DtlsClientOptions, 'clock' | 'send'>;
  readonly at: Peer;
  readonly network: TestBedOptions['network'];
  readonly clock: TestClock;
  readonly queue: DatagramQueue;
  readonly server: DtlsServer<string>;
  /** By address: this one is added, wherever it is. */
  readonly clients: Map<string, DtlsClient>;
}

function createTestDevice(parts: TestDeviceParts): TestDevice {
  const { clientOptions, at, network = (datagram) => [datagram], clock, queue, server, clients } = parts;
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
      for (const each of network(datagram)) queue.send(each, (arrived) => server.receive(arrived, from));
    },
  });
  clients.set(peerKey(peer), client);
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
      clients.set(peerKey(next), client);
    },
  };
}
