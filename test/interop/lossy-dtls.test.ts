import { spawn, type ChildProcess } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coapCode, createCoapEndpoint } from '@rollcall/coap';
import { createLossyLink, type LossyLink } from '@rollcall/coap/testing';
import { seededRandom } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { createDtlsServer, type Association } from '@rollcall/dtls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../e2e/support/ports.ts';
import { hasPackage } from './support.ts';
import { relayTo } from './udp-relay.ts';

// libcoap's clients on a bad network: each makes one handshake with our server, and one with libcoap's own, and meets the same dice.

const secret = 'hono-secret';
const devicesOfAKind = 12;
/** Their handshakes are given up sooner. */
const answerWithinSeconds = 45;
const libraries = ['openssl', 'gnutls'] as const;
const kinds = ['psk', 'certificate'] as const;
type Library = (typeof libraries)[number];
type Kind = (typeof kinds)[number];

const authority = createCertificateAuthority('CN=ca');
const serverCertificate = authority.issue({ subject: 'CN=localhost' });
const deviceCertificate = authority.issue({ subject: 'CN=sensor1' });

let folder: string;
let cleanups: (() => void)[];

beforeEach(() => {
  cleanups = [];
  folder = mkdtempSync(join(tmpdir(), 'rollcall-lossy-'));
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
  for (const [name, { cert, key }] of Object.entries({
    server: serverCertificate,
    device: deviceCertificate,
  })) {
    writeFileSync(join(folder, `${name}.pem`), cert);
    writeFileSync(join(folder, `${name}.key`), key);
  }
});
afterEach(() => {
  for (const cleanUp of cleanups) cleanUp();
  rmSync(folder, { recursive: true, force: true });
});

/** Our server: it answers whatever it is asked. */
async function ours(): Promise<number> {
  const socket: Socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const coap = createCoapEndpoint<Association<string>>({
    clock: systemClock,
    random: systemRandom,
    send: (datagram, association) => association.send(datagram),
    isVerified: () => true,
    handle: () => ({ code: coapCode.content, payload: Buffer.from('made by us') }),
  });
  const dtls = createDtlsServer<string>({
    clock: systemClock,
    send: (datagram, peer) => socket.send(datagram, peer.port, peer.address),
    findPsk: async (identity) => ({ secret: Buffer.from(secret), principal: identity.toString() }),
    certificate: { chain: [serverCertificate.der], key: createPrivateKey(serverCertificate.key) },
    verifyCertificate: async ([der]) => (der?.equals(deviceCertificate.der) ? 'sensor1' : undefined),
    onOpen() {},
    onMessage: (association, plaintext) => coap.receive(plaintext, association),
    onClose: (association) => coap.forget(association),
  });
  socket.on('message', (datagram, peer) => dtls.receive(datagram, peer));
  cleanups.push(() => {
    dtls.close();
    coap.close();
    socket.close();
  });
  return socket.address().port;
}

const certificateOf = (name: string): readonly string[] => [
  ...['-c', join(folder, `${name}.pem`), '-j', join(folder, `${name}.key`), '-C', join(folder, 'ca.pem')],
];

/** libcoap's server; its DTLS port is the next one after that without. */
async function theirs(library: Library): Promise<number> {
  const [port] = [freePort(), freePort()];
  const server = spawn(
    `coap-server-${library}`,
    ['-A', '127.0.0.1', '-p', String(port), '-k', secret, ...certificateOf('server')],
    { stdio: 'ignore' },
  );
  cleanups.push(() => server.kill('SIGKILL'));
  // Clients learn at once that nothing listens, and give up.
  while (!(await isAnswered(library, 'psk', port + 1)))
    expect(server.exitCode ?? server.signalCode, 'it has ended').toBeNull();
  return port + 1;
}

async function isAnswered(library: Library, kind: Kind, port: number): Promise<boolean> {
  const client: ChildProcess = spawn(
    `coap-client-${library}`,
    [
      ...(kind === 'psk' ? ['-u', 'sensor1', '-k', secret] : certificateOf('device')),
      ...['-B', String(answerWithinSeconds), `coaps://127.0.0.1:${port}/`],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let printed = '';
  client.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await once(client, 'close');
  return /made (by us|with libcoap)/.test(printed);
}

/** Of 100 datagrams 20 are lost and 20 come twice; each takes up to 50 ms, and of those sent at once many are overtaken. */
const badWay = (seed: number): LossyLink =>
  createLossyLink({
    clock: systemClock,
    random: seededRandom(seed),
    lost: 0.2,
    doubled: 0.2,
    maxDelayMs: 50,
  });

/** How many devices of a kind get their answer. */
async function answered(library: Library, kind: Kind, port: number): Promise<number> {
  const outcomes = await Promise.all(
    Array.from({ length: devicesOfAKind }, async (_, device) => {
      const relay = await relayTo(port, {
        toServer: badWay(2 * device + 1),
        toClient: badWay(2 * device + 2),
      });
      try {
        return await isAnswered(library, kind, relay.port);
      } finally {
        relay.close();
      }
    }),
  );
  return outcomes.filter(Boolean).length;
}

describe.runIf(hasPackage('libcoap3-bin'))('with loss, doubles and reordering', () => {
  test('our DTLS server completes no fewer handshakes than that of libcoap', async () => {
    const counts = await Promise.all(
      libraries.map(async (library) => {
        const [our, their] = [await ours(), await theirs(library)];
        return Promise.all(
          kinds.map(async (kind) => {
            const [withUs, withThem] = await Promise.all([
              answered(library, kind, our),
              answered(library, kind, their),
            ]);
            return { library, kind, withUs, withThem };
          }),
        );
      }),
    );
    const rows = counts.flat();
    const sum = (side: 'withUs' | 'withThem'): number => rows.reduce((all, row) => all + row[side], 0);
    expect(sum('withThem')).toBeGreaterThan(0);
    expect(sum('withUs'), JSON.stringify(rows)).toBeGreaterThanOrEqual(sum('withThem'));
  });
});
