import { X509Certificate } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ManualClock } from '@rollcall/conformance';
import { createCertificateAuthority, createDeviceKey } from '@rollcall/conformance/certificates';
import {
  describeRegistry,
  type RegistryAlteration,
  registryUnderTestContent,
} from '@rollcall/conformance/registry';
import { ConfigError, deviceRef } from '@rollcall/core';
import { silentLog, type Log } from '@rollcall/core/environment';
import { describe, expect, test } from 'vitest';
import { dump } from 'js-yaml';
import { openFileRegistry, openLoadedRegistry } from './file-registry.ts';
import { loadHere } from './testing/load-here.ts';
import { givenAFile, givenARegistry } from './testing/given-registry.ts';
import {
  authority,
  base64,
  certificateSubject,
  device,
  password,
  problemsOf,
  pskKeys,
  tenant,
  trustAnchors,
  trustedByName,
} from './testing/file-content.ts';

const { alias: aliasInUse, sharedAnchor } = registryUnderTestContent;
const deviceKey = base64(registryUnderTestContent.publicKey);
const shared = { 'subject-dn': sharedAnchor, 'public-key': base64(authority.publicKey) };
const underTest = (altered?: RegistryAlteration): object => ({
  tenants: [
    tenant(
      'enabled',
      [
        device('sensor', {
          enabled: altered !== 'device',
          credentials: [
            password('sensor', altered === 'password' ? { secrets: [{ 'pwd-plain': 'other' }] } : {}),
            { type: 'psk', 'auth-id': 'shared', secrets: pskKeys.map((key) => ({ key: base64(key) })) },
            { type: 'x509-cert', 'auth-id': certificateSubject, secrets: [{}] },
            { type: 'rpk', 'auth-id': 'signed', secrets: [{ algorithm: 'EC', key: deviceKey }] },
          ],
        }),
        device('disabled-sensor', { enabled: false }),
        device('gw'),
        device('disabled-gw', { enabled: false }),
        device('child', { via: ['gw', 'disabled-gw'] }),
      ],
      {
        alias: aliasInUse,
        ...(altered !== 'trust-anchor' && { 'trusted-ca': [{ cert: base64(authority.der) }, shared] }),
      },
    ),
    tenant('disabled', [device('sensor')], { enabled: false, 'trusted-ca': [trustedByName, shared] }),
  ],
});

describeRegistry('file', async () => {
  const { file, registry } = await givenARegistry(underTest());
  return {
    registry,
    async alter(what) {
      // Another text for the same content, so that it is read again.
      await writeFile(file, `${dump(underTest(what))}\n# ${what}\n`);
      await registry.reload();
    },
  };
});

describe('a registry file', () => {
  test('gives the same registry in JSON and in YAML', async () => {
    const content = { tenants: [tenant('acme', [device('d1')])] };
    for (const [text, name] of [
      [JSON.stringify(content), 'registry.json'],
      [dump(content), 'registry.yml'],
    ] as const) {
      const registry = await openFileRegistry({
        file: await givenAFile(text, name),
        clock: new ManualClock(),
        log: silentLog,
      });
      expect((await registry.getTenant('acme')).status).toBe('found');
      await registry.close();
    }
  });

  test('gives settings, limits and secrets as the DeviceRegistry port has them', async () => {
    const { registry } = await givenARegistry({
      tenants: [
        tenant(
          'acme',
          [
            device('d1', {
              defaults: { site: 'north' },
              credentials: [
                password('a1', {
                  secrets: [
                    {
                      'hash-function': 'sha-512',
                      'pwd-hash': 'AAAA',
                      salt: 'AAAA',
                      'not-before': '2026-01-01T00:00:00+01:00',
                    },
                    { 'pwd-hash': 'BBBB', enabled: false },
                  ],
                }),
              ],
            }),
          ],
          {
            defaults: { ttl: 5 },
            adapters: [{ type: 'hono-mqtt', enabled: true }],
            'resource-limits': { 'max-connections': 7, 'max-ttl': -1 },
          },
        ),
      ],
    });
    const found = await registry.getTenant('acme');
    expect(found).toMatchObject({
      value: {
        defaults: { ttl: 5 },
        adapters: [{ type: 'hono-mqtt', enabled: true }],
        limits: { maxConnections: 7 },
      },
    });
    const limits = found.status === 'found' ? found.value.limits : {};
    expect(Object.keys(limits), '-1 is no limit').toEqual(['maxConnections']);
    const id = found.status === 'found' ? found.value.id : undefined;
    if (!id) throw new Error('no tenant');
    expect(
      await registry.getCredentials({ tenant: id, type: 'hashed-password', authId: 'a1' }),
    ).toMatchObject({
      value: {
        secrets: [
          {
            hashFunction: 'sha-512',
            pwdHash: 'AAAA',
            salt: 'AAAA',
            notBefore: Date.parse('2025-12-31T23:00:00Z'),
          },
        ],
      },
    });
  });

  test('gives what the extension fields of a tenant and of a device declare', async () => {
    const { registry } = await givenARegistry({
      tenants: [
        tenant('acme', [device('d1', { ext: { 'max-connections-per-device': 0 } })], {
          ext: { 'presence-interval': 60, 'max-connections-per-device': 20, 'of-others': 'x' },
        }),
      ],
    });
    expect(await registry.getTenant('acme')).toMatchObject({
      value: { presenceIntervalSeconds: 60, maxConnectionsPerDevice: 20 },
    });
    const registration = await registry.assertRegistration(deviceRef('acme', 'd1'));
    expect(registration.status === 'found' && registration.value).toEqual({
      device: deviceRef('acme', 'd1'),
      defaults: {},
      maxConnectionsPerDevice: 0,
    });
    expect(
      problemsOf({ tenants: [tenant('acme', [], { ext: { 'max-connections-per-device': -1 } })] }),
    ).toEqual(['tenants[0].ext.max-connections-per-device: must be 0 (unlimited) or more']);
  });

  test('gives pre-shared keys and certificates, without disabled ones', async () => {
    const dated = { 'not-after': '2026-06-01T00:00:00Z' };
    const { registry } = await givenARegistry({
      tenants: [
        tenant('acme', [
          device('d1', {
            credentials: [
              {
                type: 'psk',
                'auth-id': 'k',
                secrets: [
                  { key: 'AQID', ...dated },
                  { key: 'BA==', enabled: false },
                ],
              },
              { type: 'x509-cert', 'auth-id': 'cn=d1, o=Acme', secrets: [dated, { enabled: false }] },
            ],
          }),
        ]),
      ],
    });
    const { tenant: id } = deviceRef('acme', 'd1');
    const notAfter = Date.parse('2026-06-01T00:00:00Z');
    expect(await registry.getCredentials({ tenant: id, type: 'psk', authId: 'k' })).toMatchObject({
      value: { secrets: [{ key: Uint8Array.of(1, 2, 3), notAfter }] },
    });
    expect(
      await registry.getCredentials({ tenant: id, type: 'x509-cert', authId: 'CN=d1,O=Acme' }),
    ).toMatchObject({ value: { secrets: [{ notAfter }] } });
  });

  test('gives public keys, from a certificate or as they are, without disabled ones', async () => {
    const { publicKey } = createDeviceKey('RS256');
    const notBefore = Date.parse('2026-01-01T00:00:00Z');
    const notAfter = Date.parse('2026-06-01T00:00:00Z');
    const issued = createCertificateAuthority('CN=any').issue({ subject: 'CN=d1', notBefore, notAfter });
    const cert = base64(issued.der);
    const own = { algorithm: 'RSA', key: base64(publicKey) };
    const { registry } = await givenARegistry({
      tenants: [
        tenant('acme', [
          device('d1', {
            credentials: [
              {
                type: 'rpk',
                'auth-id': 'r',
                secrets: [
                  { id: '1', ...own },
                  { ...own, enabled: false },
                  { cert },
                  {
                    cert,
                    algorithm: 'EC',
                    'not-before': '2026-02-01T00:00:00Z',
                    'not-after': '2027-01-01T00:00:00Z',
                  },
                ],
              },
            ],
          }),
        ]),
      ],
    });
    const { tenant: id } = deviceRef('acme', 'd1');
    const key = new X509Certificate(issued.der).publicKey.export({ type: 'spki', format: 'der' });
    expect(await registry.getCredentials({ tenant: id, type: 'rpk', authId: 'r' })).toMatchObject({
      value: {
        type: 'rpk',
        secrets: [
          { id: '1', key: publicKey },
          { key: Uint8Array.from(key), notBefore, notAfter },
          { notBefore: Date.parse('2026-02-01T00:00:00Z'), notAfter },
        ],
      },
    });
  });

  test('gives trust anchors, from a certificate or from its parts', async () => {
    const { registry } = await givenARegistry({
      tenants: [
        tenant('acme', [], {
          'trusted-ca': [
            { id: 'one', cert: base64(authority.der), 'auto-provisioning-enabled': true },
            {
              'subject-dn': 'cn=ca, o=Acme',
              'public-key': base64(authority.publicKey),
              algorithm: 'EC',
              'not-before': '2026-01-01T00:00:00Z',
              'auth-id-template': 'auth-{{subject-cn}}',
            },
            {
              // A Name in DER, of one attribute: CN=x.
              'subject-dn-bytes': base64(Buffer.from('300c310a30080603550403130178', 'hex')),
              'public-key': base64(authority.publicKey),
            },
          ],
        }),
      ],
    });
    const { publicKey } = authority;
    expect(await registry.getTenant('acme')).toMatchObject({
      value: {
        trustAnchors: [
          {
            subjectDn: trustAnchors.enabled,
            publicKey: Uint8Array.from(publicKey),
            notBefore: Date.UTC(2020, 0),
            notAfter: Date.UTC(2120, 0),
          },
          {
            subjectDn: 'CN=ca,O=Acme',
            notBefore: Date.UTC(2026, 0),
            authIdTemplate: 'auth-{{subject-cn}}',
          },
          { subjectDn: 'CN=x' },
        ],
      },
    });
  });

  test('finds a tenant by an alias, and no tenant by an authority that it shares, while it shares that', async () => {
    const sharing = (alias: string, ...trusting: readonly string[]): object => ({
      tenants: ['acme', 'umbrella'].map((id) =>
        tenant(id, [], {
          ...(id === 'acme' && { alias }),
          ...(trusting.includes(id) && { 'trusted-ca': [trustedByName] }),
        }),
      ),
    });
    const { file, registry } = await givenARegistry(sharing('one', 'acme', 'umbrella'));
    const found = async () => {
      const answers = [
        await registry.getTenantByName('one'),
        await registry.getTenantByName('two'),
        await registry.getTenantByName('acme'),
        await registry.getTenantByTrustAnchor(trustAnchors.disabled),
      ];
      return answers.map((answer) => (answer.status === 'found' ? answer.value.id : answer.status));
    };
    const none = 'not-found';
    expect(await found()).toEqual(['acme', none, 'acme', none]);
    await writeFile(file, dump(sharing('two', 'umbrella')));
    await registry.reload();
    expect(await found()).toEqual([none, 'acme', 'acme', 'umbrella']);
    await writeFile(file, dump(sharing('two', 'umbrella', 'acme')));
    await registry.reload();
    expect(await found()).toEqual([none, 'acme', 'acme', none]);
    await writeFile(file, dump(sharing('two', 'acme')));
    await registry.reload();
    expect(await found()).toEqual([none, 'acme', 'acme', 'acme']);
  });

  test('with a gateway that does not exist yet is taken, with a warning', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_facts, message) => void warnings.push(message) };
    const behind = Array.from({ length: 7 }, (_, i) => device(`d${i}`, { via: ['gw', 'later'] }));
    const { registry } = await givenARegistry({ tenants: [tenant('acme', [device('gw'), ...behind])] }, log);
    expect(warnings).toEqual([
      'via names gateways that are no devices yet: later of acme/d0, later of acme/d1, later of acme/d2, later of acme/d3, later of acme/d4, and 2 more',
    ]);
    const ofGateway = (id: string) =>
      registry.assertRegistration(deviceRef('acme', 'd0'), deviceRef('acme', id).device);
    expect((await ofGateway('gw')).status).toBe('found');
    expect((await ofGateway('later')).status).toBe('not-authorized');
  });

  test.each([
    ['UTF-8', Buffer.from('\uFEFF{"tenants":[{"tenant-id":"ä"}]}'), 'registry.json'],
    ['UTF-8', Buffer.from('\uFEFFtenants: [{tenant-id: ä}]'), 'registry.yaml'],
    ['UTF-16, little endian', Buffer.from('\uFEFFtenants: [{tenant-id: ä}]', 'utf16le'), 'registry.yaml'],
    [
      'UTF-16, big endian',
      Buffer.from('\uFEFF{"tenants":[{"tenant-id":"ä"}]}', 'utf16le').swap16(),
      'registry.json',
    ],
  ])('may begin with the byte order mark of %s', async (_what, bytes, name) => {
    const file = await givenAFile('', name);
    await writeFile(file, bytes);
    await utimes(file, 0, 0);
    const registry = await openLoadedRegistry(loadHere, { file, clock: new ManualClock(), log: silentLog });
    expect((await registry.getTenant('ä')).status).toBe('found');
    await registry.close();
  });

  test('that is not text is refused', async () => {
    const file = await givenAFile('');
    await writeFile(file, Uint8Array.of(0x74, 0xe4, 0x0a));
    await utimes(file, 0, 0);
    await expect(openFileRegistry({ file, clock: new ManualClock(), log: silentLog })).rejects.toThrow(
      'is not text in UTF-8',
    );
  });

  test('may use names of the properties of JavaScript objects', async () => {
    const { registry } = await givenARegistry(
      '{"tenants":[{"tenant-id":"__proto__","devices":[{"device-id":"constructor"}]}]}',
    );
    expect(await registry.getTenant('__proto__')).toMatchObject({ status: 'found' });
    expect((await registry.getTenant('constructor')).status).toBe('not-found');
  });

  test('that cannot be used makes opening fail with all of its problems', async () => {
    const opened = (file: string) => openFileRegistry({ file, clock: new ManualClock(), log: silentLog });
    await expect(opened('/nowhere/registry.yaml')).rejects.toThrow(
      '/nowhere/registry.yaml: cannot be read (ENOENT)',
    );
    await expect(opened(tmpdir())).rejects.toThrow('is not a regular file');
    const refused = opened(await givenAFile({ tenants: [tenant('a/b'), tenant('')] }));
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(opened(tmpdir())).rejects.toMatchObject({ coded: [{ code: 'REGISTRY_UNREADABLE' }] });
    await expect(refused).rejects.toMatchObject({
      coded: [{ code: 'REGISTRY_INVALID' }, { code: 'REGISTRY_INVALID' }],
      problems: ['tenants[0].tenant-id: must not have a slash', 'tenants[1].tenant-id: must not be empty'],
    });
  });

  test('with plain passwords is taken, with a warning', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_facts, message) => void warnings.push(message) };
    await givenARegistry(
      { tenants: [tenant('acme', [device('d1', { credentials: [password('a')] })])] },
      log,
    );
    expect(warnings).toEqual([expect.stringContaining('for demonstrations only')]);
  });
});

test('a tenant with max-ttl is named in a warning: its connection events may expire', async () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_facts, message) => void warnings.push(message) };
  const limited = (maxTtl: number): object => ({ 'resource-limits': { 'max-ttl': maxTtl } });
  await givenARegistry(
    { tenants: [tenant('a', [], limited(60)), tenant('b', [], limited(-1)), tenant('c')] },
    log,
  );
  expect(warnings).toEqual([expect.stringMatching(/^max-ttl bounds connection events .*: tenants a$/)]);
});
