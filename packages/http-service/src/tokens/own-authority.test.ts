import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, localhostCertificate } from '@rollcall/conformance/certificates';
import { ConfigError } from '@rollcall/core';
import { errors } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { openTokenFiles } from './token-files.ts';

const own = localhostCertificate();
const names = {
  ...{ tenants: 'tenants', scope: 'scope' },
  ...{ readScope: 'presence:read', adminScope: 'presence:admin' },
};

async function given(trustStore?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-authority-'));
  const server = createServer(own, (_request, response) => response.end('{"keys": []}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'authority.pem');
  if (trustStore !== undefined) writeFileSync(path, trustStore);
  const failures: string[] = [];
  const open = () =>
    openTokenFiles({
      section: 'PRESENCE',
      keys: `https://localhost:${(server.address() as AddressInfo).port}/keys`,
      keysTrustStore: trustStore === undefined ? undefined : path,
      tokenFile: undefined,
      names,
      files: { follow() {} },
      keysFailed: (error) => failures.push(String(((error as Error).cause as { code?: string }).code)),
    });
  /** What comes of a token that names a key which the set does not have. */
  const outcome = async (): Promise<string> => {
    const keys = open().keys();
    if (!keys) throw new Error('there are no keys');
    const token = { payload: '', signature: '', protected: '' };
    try {
      await keys.keys({ alg: 'ES256', kid: 'one' }, token);
      return 'found';
    } catch (error) {
      return (error as Error).name;
    }
  };
  return { open, outcome, failures };
}

test('keys are fetched from a server whose certificate is of a configured authority', async () => {
  const { outcome, failures } = await given(own.cert);
  expect(await outcome()).toBe(new errors.JWKSNoMatchingKey().name);
  expect(failures).toEqual([]);
});

test('keys are not fetched from a server that no authority vouches for', async () => {
  const { outcome, failures } = await given();
  expect(await outcome()).toBe('KeysUnavailable');
  expect(failures).toEqual(['DEPTH_ZERO_SELF_SIGNED_CERT']);
});

test('another authority is not trusted, and a file without a certificate is reported at the start', async () => {
  const another = await given(createCertificateAuthority('CN=another').cert);
  expect(await another.outcome()).toBe('KeysUnavailable');
  const { open } = await given('no certificate');
  expect(open).toThrow(ConfigError);
});
