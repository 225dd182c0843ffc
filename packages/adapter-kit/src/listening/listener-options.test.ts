import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@rollcall/conformance';
import { afterAll, expect, test } from 'vitest';
import { listenerProblems, listenersOf } from './listener-options.ts';

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
