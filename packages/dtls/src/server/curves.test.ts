import { ManualClock, settled } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { describe, expect, test } from 'vitest';
import type { CurveName } from '../crypto/named-curve.ts';
import { authority, createTestBed, proofOf, sensor1, type TestDevice } from '../testing/test-bed.ts';
import type { DtlsClientOptions } from '../testing/client-options.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { ecdsaSha256, ecdsaSha384 } from '../wire/signature-scheme.ts';
import type { DtlsServerOptions } from './options.ts';

const withCertificate = 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8';
const withPsk = 'TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256';
const issuer = createCertificateAuthority('CN=adapters');
const servers = {
  'P-256': proofOf(issuer.issue({ subject: 'CN=adapter' })),
  'P-384': proofOf(issuer.issue({ subject: 'CN=adapter', namedCurve: 'P-384' })),
};

interface Talk {
  readonly log: readonly string[];
  readonly device: TestDevice;
  /** Of the ClientKeyExchange, which ends with the client's point. */
  readonly keyExchange: Buffer;
}

async function talk(
  client: Partial<DtlsClientOptions>,
  server: Partial<DtlsServerOptions<string>> = {},
): Promise<Talk> {
  const bed = createTestBed({ clock: new ManualClock(), settled, server });
  let keyExchange = Buffer.alloc(0);
  const device = bed.device({
    ...sensor1,
    cipherSuites: [withCertificate],
    tamper: {
      message(type, body) {
        if (type === handshakeType.clientKeyExchange) keyExchange = Buffer.from(body);
        return body;
      },
    },
    ...client,
  });
  device.client.connect();
  await bed.run();
  if (bed.associations.length > 0) device.client.send(Buffer.from('hello'));
  await bed.run();
  return { log: bed.log, device, keyExchange };
}

const both: readonly CurveName[] = ['P-384', 'P-256'];
const schemes = [ecdsaSha256, ecdsaSha384];
const opened = ['open sensor1', 'message 127.0.0.1:1 hello'];

describe('keys on P-384', () => {
  test.each([
    ['P-384 and SHA-384', { curves: both, signatureSchemes: schemes }],
    ['P-384 and SHA-256 only', { curves: both, signatureSchemes: [ecdsaSha256] }],
    ['P-384 alone, for the key exchange too', { curves: ['P-384'], signatureSchemes: [ecdsaSha384] }],
  ] as const)('a server with such a key serves a client that knows %s', async (_, client) => {
    const { log, device } = await talk(client, { certificate: servers['P-384'] });
    expect(log).toEqual(opened);
    expect(device.received).toEqual(['hello']);
  });

  test.each([
    ['P-256 alone', { curves: ['P-256'], signatureSchemes: schemes }],
    ['no hash that is served here', { curves: both, signatureSchemes: [0x06_03] }],
  ] as const)('a server with such a key refuses a client that knows %s', async (_, client) => {
    const { log, device } = await talk(client, { certificate: servers['P-384'] });
    expect(log).toEqual(['failed no-common-suite']);
    expect(device.closed).toEqual(['alert']);
  });

  test('a device with such a key is let in', async () => {
    const certificate = proofOf(authority.issue({ subject: 'CN=sensor1', namedCurve: 'P-384' }));
    expect((await talk({ certificate, curves: both, signatureSchemes: schemes })).log).toEqual(opened);
  });

  test('new handshakes use a new certificate on the other curve', async () => {
    let certificate = servers['P-256'];
    const bed = createTestBed({
      clock: new ManualClock(),
      settled,
      server: { certificate: () => certificate },
    });
    for (const next of ['P-384', 'P-256'] as const) {
      certificate = servers[next];
      const options = { ...sensor1, curves: [next], signatureSchemes: schemes };
      bed.device({ ...options, cipherSuites: [withCertificate] }).client.connect();
      await bed.run();
    }
    expect(bed.log).toEqual(['open sensor1', 'open sensor1']);
  });
});

describe.each([withCertificate, withPsk] as const)('the curve of the key exchange, %s', (suite) => {
  const certificate = servers['P-256'];
  const pointBytes = 65;
  test('is P-256 where the client knows it, whichever it prefers', async () => {
    const { log, keyExchange } = await talk({ cipherSuites: [suite], curves: both }, { certificate });
    expect(log).toEqual(opened);
    expect(keyExchange.at(-pointBytes - 1)).toBe(pointBytes);
  });

  test('a client that knows none of ours is refused', async () => {
    const { log } = await talk({ cipherSuites: [suite], curves: [] }, { certificate });
    expect(log).toEqual(['failed no-common-suite']);
  });
});

test('ECDHE with a pre-shared key is done on P-384 where the client knows no other curve', async () => {
  const { log, device } = await talk({ cipherSuites: [withPsk], curves: ['P-384'] });
  expect(log).toEqual(opened);
  expect(device.received).toEqual(['hello']);
});

test.each([
  ['of P-256', 65],
  ['cut short', 96],
  ['off the curve', 97],
])('a point %s does not crash a P-384 exchange, and opens nothing', async (_, length) => {
  const point = Buffer.alloc(length, 1);
  point[0] = 4;
  const { log } = await talk(
    {
      cipherSuites: [withCertificate],
      curves: ['P-384'],
      signatureSchemes: schemes,
      tamper: {
        message: (type, body) =>
          type === handshakeType.clientKeyExchange ? Buffer.concat([Buffer.from([length]), point]) : body,
      },
    },
    { certificate: servers['P-384'] },
  );
  expect(log).toEqual([]);
});
