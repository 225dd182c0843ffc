import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { afterAll, expect, test } from 'vitest';
import {
  authenticationRequiredOption,
  connectionLimit,
  listenerOptions,
  listenerProblems,
  listenersOf,
  tcpOptions,
} from './listener-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-listener-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const values = {
  port: 0,
  bindAddress: '127.0.0.1',
  insecurePortEnabled: false,
  insecurePort: 0,
  insecurePortBindAddress: '127.0.0.1',
  keyPath: undefined,
  certPath: undefined,
  secureProtocols: undefined,
  cipherSuites: undefined,
  balancers: undefined,
  maxConnections: 0,
};

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test.each([
  ['OPTION_MISSING', {}, 'no port to listen on'],
  ['OPTIONS_CONFLICT', { keyPath: 'k', insecurePortEnabled: true }, 'set both or neither'],
  [
    'OPTIONS_CONFLICT',
    { insecurePortEnabled: true, secureProtocols: ['TLSv1.3'] as const, cipherSuites: ['AES128-SHA'] },
    'has no cipher suite',
  ],
])('a listener has a problem with the code %s: %j', (code, differences, said) => {
  expect(listenerProblems('TEST', { ...values, ...differences })).toEqual([
    { code, text: expect.stringContaining(said) as unknown },
  ]);
});

test('a certificate that cannot be read, or does not match its key, has its own code', () => {
  const authority = createCertificateAuthority('CN=CA');
  const one = authority.issue({ subject: 'CN=localhost' });
  const other = authority.issue({ subject: 'CN=localhost' });
  const keyPath = written('key.pem', one.key);
  const open = (certPath: string) => (): unknown => listenersOf('TEST', { ...values, keyPath, certPath });
  expect(open(join(folder, 'nowhere.pem'))).toThrow(
    expect.objectContaining({ coded: [expect.objectContaining({ code: 'OPTION_FILE_UNREADABLE' })] }),
  );
  expect(open(written('other.pem', other.cert))).toThrow(
    expect.objectContaining({ coded: [expect.objectContaining({ code: 'CERTIFICATE_UNUSABLE' })] }),
  );
  expect(open(written('cert.pem', one.cert))).not.toThrow();
});

const ports = { plain: 1, tls: 2 };

function namesReadFromHono(section: string): readonly string[] {
  const options = {
    ...listenerOptions(section, ports),
    ...tcpOptions(section, 10),
    authenticationRequired: authenticationRequiredOption(section),
  };
  return Object.values(options)
    .filter(({ hono }) => hono)
    .map(({ name }) => name);
}

test.each(['MQTT', 'AMQP', 'HTTP', 'COAP'])(
  'Hono has an adapter for %s: its names are read too',
  (section) => {
    expect(namesReadFromHono(section)).toEqual(
      [
        'INSECUREPORTENABLED',
        'INSECUREPORT',
        'INSECUREPORTBINDADDRESS',
        'PORT',
        'BINDADDRESS',
        'KEYPATH',
        'CERTPATH',
        'MAXCONNECTIONS',
        'SECUREPROTOCOLS',
        'SUPPORTEDCIPHERSUITES',
        'AUTHENTICATIONREQUIRED',
      ].map((suffix) => `${section}_${suffix}`),
    );
  },
);

test.each(['TEMPLATE', 'STOMP'])('Hono has no adapter for %s: no name is read from HONO_…', (section) => {
  expect(namesReadFromHono(section)).toEqual([]);
});

test.each([
  [7, 4_000_000_000, 7],
  [0, 4_000_000_000, 145_000],
  [0, 200_000_000, 2_500],
  [0, 50_000_000, 100],
])('a limit of %i connections is, with a heap of %i bytes at most, one of %i', (configured, heap, limit) => {
  expect(connectionLimit(configured, heap)).toBe(limit);
});
