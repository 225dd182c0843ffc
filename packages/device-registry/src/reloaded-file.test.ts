import { rename, writeFile } from 'node:fs/promises';
import { silentLog, type Log } from '@rollcall/core/environment';
import type { RegistryChange } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import { dump } from 'js-yaml';
import { givenARegistry } from './testing/given-registry.ts';
import { device, password, tenant, trustAnchors, trustedByName } from './testing/file-content.ts';

describe('a registry file that changes', () => {
  const before = {
    tenants: [
      tenant('acme', [
        device('d1', { credentials: [password('a', { secrets: [{ 'pwd-hash': 'AAAA' }] })] }),
        device('d2'),
      ]),
      tenant('umbrella'),
    ],
  };

  async function givenAFollowedFile() {
    const logged: string[] = [];
    const log: Log = {
      ...silentLog,
      error: (facts) => void logged.push(...(facts as { problems: string[] }).problems),
    };
    const { file, registry, clock } = await givenARegistry(before, log);
    const changes: RegistryChange[] = [];
    registry.onChange((change) => changes.push(change));
    const change = async (content: unknown): Promise<void> => {
      // As editors and orchestrators do it: they replace the file by another one.
      await writeFile(`${file}.new`, typeof content === 'string' ? content : dump(content));
      await rename(`${file}.new`, file);
    };
    return { registry, clock, changes, change, logged };
  }

  test('is read again, and listeners get exactly what changed', async () => {
    const { registry, changes, change } = await givenAFollowedFile();
    await change({
      tenants: [
        tenant('acme', [
          device('d1', { credentials: [password('a', { secrets: [{ 'pwd-hash': 'BBBB' }] })] }),
          device('d2'),
          device('d3'),
        ]),
        tenant('umbrella', [], { enabled: false }),
      ],
    });
    await registry.reload();
    expect(changes).toEqual([
      { type: 'device', device: { tenant: 'acme', device: 'd3' } },
      { type: 'credentials', tenant: 'acme', credentialsType: 'hashed-password', authId: 'a' },
      { type: 'tenant', tenant: 'umbrella' },
    ]);
    expect(await registry.getTenant('umbrella')).toMatchObject({ value: { enabled: false } });
  });

  test('without a tenant or a device reports to listeners that they are gone', async () => {
    const { registry, changes, change } = await givenAFollowedFile();
    await change({ tenants: [tenant('umbrella')] });
    await registry.reload();
    expect(changes).toEqual([
      { type: 'tenant', tenant: 'acme' },
      { type: 'device', device: { tenant: 'acme', device: 'd1' } },
      { type: 'device', device: { tenant: 'acme', device: 'd2' } },
      { type: 'credentials', tenant: 'acme', credentialsType: 'hashed-password', authId: 'a' },
    ]);
  });

  test('reports to listeners the credentials that were changed, disabled, moved or removed, and nothing else', async () => {
    const { registry, changes, change } = await givenAFollowedFile();
    const credentials = (type: string, authId: string, secret: object, more: object = {}): object => ({
      type,
      'auth-id': authId,
      secrets: [secret],
      ...more,
    });
    const holding = (d1: object[], d2: object[] = []): object => ({
      tenants: [tenant('acme', [device('d1', { credentials: d1 }), device('d2', { credentials: d2 })])],
    });
    const plain = credentials('hashed-password', 'plain', { 'pwd-plain': 'secret' });
    const psk = credentials('psk', 'key', { id: '1', key: 'AAAA' });
    const certificate = credentials('x509-cert', 'CN=d1', { id: '1' });
    const told = (type: string, authId: string): object => ({
      type: 'credentials',
      tenant: 'acme',
      credentialsType: type,
      authId,
    });
    const afterwards = async (content: object): Promise<readonly object[]> => {
      changes.length = 0;
      await change(content);
      await registry.reload();
      return [...changes];
    };
    await afterwards(holding([plain, psk, certificate]));
    const commented = credentials('hashed-password', 'plain', { 'pwd-plain': 'secret', comment: 'new' });
    expect(await afterwards(holding([commented, psk, certificate])), 'a plain password that stays').toEqual(
      [],
    );
    expect(
      await afterwards(
        holding([
          credentials('hashed-password', 'plain', { 'pwd-plain': 'other' }),
          credentials('psk', 'key', { id: '2', key: 'AAAA' }),
          credentials('x509-cert', 'CN=d1', { id: '1', enabled: false }),
        ]),
      ),
    ).toEqual([told('hashed-password', 'plain'), told('psk', 'key'), told('x509-cert', 'CN=d1')]);
    await afterwards(holding([plain, psk, certificate]));
    expect(
      await afterwards(
        holding(
          [credentials('hashed-password', 'plain', { 'pwd-plain': 'secret' }, { enabled: false })],
          [psk],
        ),
      ),
    ).toEqual([told('hashed-password', 'plain'), told('psk', 'key'), told('x509-cert', 'CN=d1')]);
  });

  test('into something unusable leaves the old content served, and logs why', async () => {
    const { registry, changes, change, logged } = await givenAFollowedFile();
    await change('tenants: 5');
    await registry.reload();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('tenants');
    expect(changes).toEqual([]);
    expect((await registry.getTenant('acme')).status).toBe('found');
    await change({ tenants: [tenant('repaired')] });
    await registry.reload();
    expect((await registry.getTenant('repaired')).status).toBe('found');
  });

  test('in its trust anchors is served with the new ones', async () => {
    const { registry, changes, change } = await givenAFollowedFile();
    await change({
      tenants: [...before.tenants, tenant('other', [], { 'trusted-ca': [trustedByName] })],
    });
    await registry.reload();
    expect(changes).toEqual([{ type: 'tenant', tenant: 'other' }]);
    expect(await registry.getTenantByTrustAnchor(trustAnchors.disabled)).toMatchObject({
      value: { id: 'other' },
    });
  });
});
