import { createSecretKey } from 'node:crypto';
import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { cipherSuiteNames, cipherSuites } from '../crypto/cipher-suite.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { createTestBed, sensor1 } from '../testing/test-bed.ts';
import type { PskMatch } from './options.ts';
import { defaultCipherSuites } from './settings.ts';

describe.each(cipherSuiteNames)('%s', (name) => {
  const isCbc = cipherSuites[name].cipher === 'cbc';
  test.each([
    ['as it is', {}],
    ['with a connection id', { connectionId: Buffer.from('dev1') }],
    ['with an empty connection id', { connectionId: Buffer.alloc(0) }],
    ['without extended master secret', { extendedMasterSecret: false }],
    ['in small fragments', { maxDatagramBytes: 120 }],
    ...(isCbc ? [['without encrypt-then-MAC', { encryptThenMac: false }] as const] : []),
  ] as const)('a client connects, sends, is answered and closes, %s', async (_, options) => {
    // given
    const clock = new ManualClock();
    const { server, device, run, log, associations } = createTestBed({
      clock,
      settled,
      server: { connectionIdBytes: 8, maxDatagramBytes: 256 },
    });
    const { client, received, closed } = device({ ...sensor1, cipherSuites: [name], ...options });
    // when
    client.connect();
    await run();
    client.send(Buffer.from('hello'));
    await run();
    client.close();
    await run();
    // then
    expect(log).toEqual(['open sensor1', 'message 127.0.0.1:1 hello', 'close sensor1 close-notify']);
    expect(received).toEqual(['hello']);
    expect(closed).toEqual(['closed']);
    expect(associations[0]).toMatchObject({ cipherSuite: name, isOpen: false, isResumed: false });
    expect(server).toMatchObject({ associations: 0, pendingHandshakes: 0 });
    expect(server.counters).toMatchObject({ handshakes: 1, retransmissions: 0 });
  });
});

test.each([
  ['an empty record', contentType.applicationData, []],
  ['a warning', contentType.alert, [1, 90]],
  ['a fatal alert', contentType.alert, [2, 80]],
  ['the wish for another handshake', contentType.handshake, [handshakeType.clientHello]],
])('%s is a sign of its peer', async (_what, type, bytes) => {
  const signs: string[] = [];
  const { device, run, forge } = createTestBed({
    clock: new ManualClock(),
    settled,
    server: { onSign: ({ principal }) => signs.push(principal) },
  });
  const { client, peer } = device({ ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] });
  client.connect();
  await run();
  expect(signs).toEqual([]);
  const record = client.seal(type, Uint8Array.from(bytes));
  const forged = Buffer.from(record);
  forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
  for (const each of [forged, record, record]) forge(each, peer);
  expect(signs).toEqual(['sensor1']);
});

test('a pre-shared key may be a KeyObject', async () => {
  const secret = createSecretKey(Buffer.from('hono-secret'));
  const findPsk = async (): Promise<PskMatch<string>> => ({ secret, principal: 'sensor1' });
  const { device, run, log } = createTestBed({ clock: new ManualClock(), settled, server: { findPsk } });
  device({ ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] }).client.connect();
  await run();
  expect(log).toEqual(['open sensor1']);
});

test.each([0, 1])(
  'while keys are changed a client gets in with the old and with the new one, number %i',
  async (index) => {
    const keys = ['old-secret', 'new-secret'].map((text) => Buffer.from(text));
    const findPsk = async (): Promise<PskMatch<string>[]> =>
      keys.map((secret) => ({
        secret,
        principal: `${sensor1.psk.identity.toString()} ${secret.toString()}`,
      }));
    const { device, run, log } = createTestBed({ clock: new ManualClock(), settled, server: { findPsk } });
    const psk = { ...sensor1.psk, secret: keys[index] ?? Buffer.alloc(0) };
    const { client, received } = device({ psk, cipherSuites: ['TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256'] });
    client.connect();
    await run();
    client.send(Buffer.from('hello'));
    await run();
    expect(log[0]).toBe(`open sensor1 ${keys[index]?.toString()}`);
    expect(received).toEqual(['hello']);
  },
);

test('a Finished that comes twice during the look-up of the key is not counted as a wrong key', async () => {
  const differ: unknown[] = [];
  const dropped: unknown[] = [];
  let found: ((match: PskMatch<string>) => void) | undefined;
  const { device, run, runFor, log } = createTestBed({
    clock: new ManualClock(),
    settled,
    server: {
      findPsk: () =>
        new Promise((resolve) => {
          found = resolve;
        }),
      onKeysDiffer: (peer) => differ.push(peer),
      onDropped: (_, reason) => dropped.push(reason),
    },
  });
  device({ ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] }).client.connect();
  await runFor(2_000);
  found?.({ secret: sensor1.psk.secret, principal: 'sensor1' });
  await run();
  expect(log).toEqual(['open sensor1']);
  expect({ differ, dropped }).toEqual({ differ: [], dropped: ['unexpected'] });
});

describe('the choice of a cipher suite', () => {
  test.each([
    [
      'is the first of the client that the server knows',
      [...cipherSuiteNames].toReversed(),
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    ],
    [
      'is one with CBC only where there is no other',
      ['TLS_PSK_WITH_AES_128_CBC_SHA256', 'TLS_PSK_WITH_AES_128_CCM'],
      'TLS_PSK_WITH_AES_128_CCM',
    ],
  ] as const)('the cipher suite %s', async (_, suites, chosen) => {
    const { device, run, associations } = createTestBed({ clock: new ManualClock(), settled });
    device({ ...sensor1, cipherSuites: suites }).client.connect();
    await run();
    expect(associations[0]?.cipherSuite).toBe(chosen);
  });

  test('a suite with CBC is not chosen unless cipherSuites names it', async () => {
    const { device, run, log } = createTestBed({
      clock: new ManualClock(),
      settled,
      server: { cipherSuites: defaultCipherSuites },
    });
    const { client } = device({
      ...sensor1,
      cipherSuites: cipherSuiteNames.filter((name) => name.includes('CBC')),
    });
    client.connect();
    await run();
    expect(log).toEqual(['failed no-common-suite']);
    expect(client.alert).toBe(40);
  });
});

test('verifyCertificate gets the certificate of the client as the server parsed it', async () => {
  const got: [boolean, string][] = [];
  const bed = createTestBed({
    clock: new ManualClock(),
    settled,
    server: {
      async verifyCertificate([der], _peer, _serverName, certificate) {
        got.push([der?.equals(certificate.raw) ?? false, certificate.subject]);
        return 'sensor1';
      },
    },
  });
  const { client } = bed.device({ ...sensor1, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] });
  client.connect();
  await bed.run();
  expect(got).toEqual([[true, 'CN=sensor1']]);
});
