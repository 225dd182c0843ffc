import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { ManualClock } from '@rollcall/conformance';
import { ConfigError } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { checkRegistry } from '@rollcall/device-registry';
import { expect, onTestFinished, test } from 'vitest';
import { loadRegistryConfig } from '../config.ts';
import type { CredentialContent } from '../store/registry-content.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { importFirst } from './import-first.ts';
import { exportFile, importFile } from './transfer.ts';

function given() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-transfer-'));
  const store = new SqliteStore({ file: ':memory:', maxDevicesPerTenant: -1 });
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const clock = new ManualClock('2026-11-29T12:00:00.000Z');
  const config = loadRegistryConfig({}, false);
  const parts = { store, clock, log: silentLog };
  const write = (name: string, content: object | string): string => {
    const file = join(folder, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  return {
    ...{ folder, store, config, parts, write },
    take: (file: string) => importFile(file, { ...parts, values: config.values }),
    async credentials(device: string): Promise<readonly CredentialContent[] | undefined> {
      return (await store.credentialsOf('acme', device))?.credentials;
    },
  };
}

const demo = new URL('../../../rollcall/demo/registry.yaml', import.meta.url);
const authority = createCertificateAuthority('CN=ca,O=Acme');
const key = Buffer.from(authority.publicKey).toString('base64');
const bcrypt = '$2b$10$3kfLcDkb6KSW7sB6h9C47u7HLTi0LaQZ3gTxveSvACGAmkfqUzGZK';

const file = {
  tenants: [
    {
      'tenant-id': 'acme',
      alias: 'a',
      enabled: false,
      defaults: { ttl: 5 },
      adapters: [{ type: 'hono-mqtt', enabled: true }],
      'resource-limits': { 'max-connections': 7 },
      'trusted-ca': [{ 'subject-dn': 'CN=x', 'public-key': key, 'auth-id-template': '{{subject-cn}}' }],
      ext: { 'presence-interval': 10 },
      devices: [
        { 'device-id': 'gw', ext: { other: 1 } },
        {
          'device-id': 'd',
          via: 'gw',
          credentials: [
            {
              type: 'hashed-password',
              'auth-id': 'name@with odd/characters',
              secrets: [
                { 'pwd-plain': 'secret' },
                { id: 'mine', 'hash-function': 'bcrypt', 'pwd-hash': bcrypt },
                { 'pwd-hash': 'AAAA', salt: 'BBBB', comment: 'old' },
              ],
            },
            { type: 'psk', 'auth-id': 'p', secrets: [{ key: 'AAEC' }] },
            { type: 'rpk', 'auth-id': 'r', secrets: [{ key, algorithm: 'EC' }] },
            { type: 'x509-cert', 'auth-id': 'CN=d', secrets: [{ 'not-after': '2030-01-01T00:00:00Z' }] },
          ],
        },
      ],
    },
  ],
};

test('the contents of a file are written to the database, with hashed passwords', async () => {
  const { store, take, write, credentials } = given();
  expect(await take(write('registry.json', file))).toEqual({ tenants: 1, devices: 2, problems: [] });
  expect((await store.tenant('acme'))?.content).toMatchObject({
    alias: 'a',
    enabled: false,
    'resource-limits': { 'max-connections': 7 },
    'trusted-ca': [{ 'subject-dn': 'CN=x', algorithm: 'EC', 'not-after': '9999-12-31T23:59:59Z' }],
  });
  expect((await store.registration('acme', 'd')).device?.content).toEqual({ via: ['gw'] });
  const [password, psk] = (await credentials('d')) ?? [];
  expect(password?.secrets).toEqual([
    { id: expect.any(String), 'hash-function': 'bcrypt', 'pwd-hash': expect.stringMatching(/^\$2a\$10\$/) },
    { id: 'mine', 'hash-function': 'bcrypt', 'pwd-hash': bcrypt.replace('$2b', '$2a') },
    { id: expect.any(String), 'hash-function': 'sha-256', 'pwd-hash': 'AAAA', salt: 'BBBB', comment: 'old' },
  ]);
  expect(psk?.secrets).toMatchObject([{ key: 'AAEC' }]);
});

test('the same file can be imported again, and another file replaces the entries that it has', async () => {
  const { store, take, write, credentials } = given();
  await take(write('registry.json', file));
  expect(await take(write('again.json', file))).toMatchObject({ devices: 2, problems: [] });
  const one = { 'device-id': 'd', enabled: false };
  await take(write('one.json', { tenants: [{ 'tenant-id': 'acme', devices: [one] }] }));
  expect(await credentials('d')).toEqual([]);
  expect((await store.tenant('acme'))?.content.alias).toBeUndefined();
  expect((await store.registration('acme', 'gw')).device?.id).toBe('gw');
});

test('a file that adapters refuse, or with ids that the API does not allow, is refused as a whole', async () => {
  const { store, take, write } = given();
  const wrong = [
    { tenants: [{ 'tenant-id': 'acme', unknown: 1 }] },
    { tenants: [{ 'tenant-id': 'fine' }, { 'tenant-id': 'a b' }] },
    { tenants: [{ 'tenant-id': 'acme', devices: [{ 'device-id': 'a/b' }] }] },
  ];
  for (const [index, content] of wrong.entries())
    await expect(take(write(`${index}.json`, content))).rejects.toBeInstanceOf(ConfigError);
  await expect(take(write('text.json', '{'))).rejects.toBeInstanceOf(ConfigError);
  expect(await store.searchTenants({ pageSize: 1, pageIndex: 0, filters: [], order: [] })).toMatchObject({
    total: 0,
  });
});

test('entries that cannot be written are reported, and the others are written', async () => {
  const { take, write } = given();
  const device = (id: string) => ({
    'device-id': id,
    credentials: [{ type: 'psk', 'auth-id': id, secrets: [{ key: 'AAEC' }] }],
  });
  await take(write('first.json', { tenants: [{ 'tenant-id': 'acme', devices: [device('one')] }] }));
  const taken = { ...device('one'), 'device-id': 'two' };
  const later = { tenants: [{ 'tenant-id': 'acme', devices: [taken, device('three')] }] };
  expect(await take(write('later.json', later))).toEqual({
    ...{ tenants: 1, devices: 1 },
    problems: ['acme/two: taken (auth-id)'],
  });
});

test('an exported file is valid for adapters, and gives the same contents when it is imported', async () => {
  const { folder, store, take, write, credentials } = given();
  await take(write('registry.json', file));
  const version = 'v';
  await store.write({
    ...{ kind: 'put-credentials', tenant: 'acme', device: 'gw', version },
    credentials: [{ type: 'custom', 'auth-id': 'x', secrets: [{ id: 's' }] }],
  });
  const out = join(folder, 'out.json');
  expect(await exportFile(out, store)).toEqual({
    ...{ tenants: 1, devices: 2 },
    leftOut: { 'credentials of other types': 1 },
  });
  expect(statSync(out).mode & 0o077).toBe(0);
  expect(checkRegistry(out)).toMatchObject({
    status: 'valid',
    counts: { tenant: 1, device: 2, psk: 1, rpk: 1 },
  });
  await expect(exportFile(out, store)).rejects.toBeInstanceOf(ConfigError);
  const before = [await store.tenant('acme'), await credentials('d')];
  const other = given();
  await other.take(out);
  expect([(await other.store.tenant('acme'))?.content, await other.credentials('d')]).toEqual([
    (before[0] as { readonly content: object }).content,
    before[1],
  ]);
  expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(6);
});

test('the demo is only imported into an empty database', async () => {
  const { store, config, parts } = given();
  const withDemo = { ...config, values: { ...config.values, importFile: demo.pathname } };
  await importFirst(withDemo, parts);
  expect((await store.searchTenants({ pageSize: 9, pageIndex: 0, filters: [], order: [] })).total).toBe(1);
  await store.write({ kind: 'delete-device', tenant: 'DEFAULT_TENANT', device: '4711' });
  await importFirst(withDemo, parts);
  expect((await store.registration('DEFAULT_TENANT', '4711')).device).toBeUndefined();
});

test('an interrupted first import is completed at the next start', async () => {
  const { store, parts, write } = given();
  const devices = Array.from({ length: 300 }, (_, index) => ({ 'device-id': `d-${index}` }));
  const path = write('many.json', { tenants: [{ 'tenant-id': 'acme', devices }] });
  const config = loadRegistryConfig({ ROLLCALL_REGISTRY_IMPORTFILE: path }, false);
  let left = 100;
  const dying = Object.create(store) as typeof store;
  for (const name of ['searchTenants', 'credentialsOf', 'isImportUnderWay', 'importAlone'] as const)
    Object.defineProperty(dying, name, { value: store[name].bind(store) });
  dying.write = async (wanted) => {
    if (left-- <= 0) throw new Error('killed');
    return store.write(wanted);
  };
  await expect(importFirst(config, { ...parts, store: dying })).rejects.toThrow('killed');
  const total = async () =>
    (await store.searchDevices('acme', { pageSize: 1, pageIndex: 0, filters: [], order: [] })).total;
  expect(await total()).toBeLessThan(300);
  await importFirst(config, parts);
  expect(await total()).toBe(300);
  // And it is not imported again.
  await store.write({ kind: 'delete-devices', tenant: 'acme' });
  await importFirst(config, parts);
  expect(await total()).toBe(0);
});

test.each<[string, object]>([
  ['a tenant', { 'tenant-id': 'acme', ext: { a: '\0' } }],
  ['a device', { 'tenant-id': 'acme', devices: [{ 'device-id': 'd', ext: { '\ud800': 1 } }] }],
])('a file is refused whole if %s has a string that no database keeps', async (_what, tenant) => {
  const { take, write, store } = given();
  await expect(take(write('r.json', { tenants: [tenant] }))).rejects.toThrow('U+0000');
  expect(await store.tenant('acme')).toBeUndefined();
});
