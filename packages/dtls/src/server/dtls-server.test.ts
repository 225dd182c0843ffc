import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { cipherSuiteNames, cipherSuites } from '../crypto/cipher-suite.ts';
import type { DtlsClientOptions } from '../testing/client-options.ts';
import { createTestBed, sensor1, type TestBed, type TestBedOptions } from '../testing/test-bed.ts';
import { createTestCertificate } from '../testing/test-certificate.ts';

const authority = createTestCertificate({ subject: 'devices', isAuthority: true });
const deviceCertificate = createTestCertificate({ subject: 'sensor1', issuer: authority });
const serverCertificate = createTestCertificate({ subject: 'adapter' });

const withCertificates: Partial<NonNullable<TestBedOptions['server']>> = {
  certificate: { chain: [serverCertificate.der], key: serverCertificate.key },
  verifyCertificate: async ([der]) => (der?.equals(deviceCertificate.der) ? 'sensor1' : undefined),
};

const credentials: Pick<DtlsClientOptions, 'psk' | 'certificate'> = {
  psk: sensor1,
  certificate: { chain: [deviceCertificate.der], key: deviceCertificate.key },
};

function bed(options: Partial<TestBedOptions> = {}): TestBed & { readonly clock: ManualClock } {
  const clock = new ManualClock();
  const server = { cipherSuites: cipherSuiteNames, ...withCertificates, ...options.server };
  return { ...createTestBed({ clock, settled, ...options, server }), clock };
}

describe.each(cipherSuiteNames)('%s', (name) => {
  const isCbc = cipherSuites[name].cipher === 'cbc';
  test.each([
    ['as it is', {}],
    ['with a connection id', { connectionId: Buffer.from('dev1') }],
    ['with an empty connection id', { connectionId: Buffer.alloc(0) }],
    ['without extended master secret', { extendedMasterSecret: false }],
    ...(isCbc ? [['without encrypt-then-MAC', { encryptThenMac: false }] as const] : []),
  ] as const)('%s: a handshake, data both ways, an end', async (_, options) => {
    // given
    const { server, device, run, log, associations } = bed({ server: { connectionIdBytes: 8 } });
    const { client, received, closed } = device({ ...credentials, cipherSuites: [name], ...options });
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
  });
});

test('smoke: loss', async () => {
  const random = seededRandom(3);
  const { device, runFor, log } = bed({
    network: (d) => (random.next() < 0.2 ? [] : random.next() < 0.2 ? [d, d] : [d]),
    placeInQueue: (n) => (random.next() < 0.2 ? random.pick(n + 1) : n),
  });
  for (let i = 0; i < 20; i++)
    device({ ...credentials, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] }).client.connect();
  await runFor(60_000);
  expect(log.filter((l) => l.startsWith('open'))).toHaveLength(20);
});
