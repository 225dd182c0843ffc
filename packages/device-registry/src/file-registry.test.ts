import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@rollcall/conformance';
import {
  describeRegistry,
  type RegistryAlteration,
  registryUnderTestContent,
} from '@rollcall/conformance/registry';
import { createCertificateAuthority, createDeviceKey } from '@rollcall/conformance/certificates';
import { ConfigError, deviceRef } from '@rollcall/core';
import { silentLog, type Log } from '@rollcall/core/environment';
import type { RegistryChange } from '@rollcall/core/registry';
import { afterEach, describe, expect, test } from 'vitest';
import { dump } from 'js-yaml';
import { openFileRegistry, openLoadedRegistry } from './file-registry.ts';
import { parseRegistry } from './parse-registry.ts';
import { loadHere } from './testing/load-here.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const secrets = [{ 'pwd-plain': 'secret' }];
const password = (authId: string, facts: object = {}): object => ({
  type: 'hashed-password',
  'auth-id': authId,
  secrets,
  ...facts,
});
const device = (id: string, facts: object = {}): object => ({ 'device-id': id, ...facts });
const tenant = (id: string, devices: object[] = [], facts: object = {}): object => ({
  'tenant-id': id,
  devices,
  ...facts,
});

async function givenAFile(content: unknown, name = 'registry.yaml'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-registry-'));
  cleanUps.push(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, name);
  await writeFile(file, typeof content === 'string' ? content : dump(content));
  // The file has settled long ago.
  await utimes(file, 0, 0);
  return file;
}

async function givenARegistry(content: unknown, log: Log = silentLog) {
  const file = await givenAFile(content);
  const clock = new ManualClock();
  const registry = await openLoadedRegistry(loadHere, { file, clock, log });
  cleanUps.push(() => registry.close());
  return { file, clock, registry };
}

function problemsOf(content: unknown, name = 'registry.yaml'): readonly string[] {
  const parsed = parseRegistry(name, typeof content === 'string' ? content : dump(content));
  return parsed.status === 'invalid' ? parsed.problems : [];
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const weak = 'must have an RSA key of 2048 bits or more, or one on P-256, P-384 or P-521';

function ecKey(): { readonly algorithm: string; readonly key: string } {
  return { algorithm: 'EC', key: base64(createDeviceKey().publicKey) };
}

const spkiOf = ({ publicKey }: { readonly publicKey: KeyObject }): string =>
  base64(publicKey.export({ type: 'spki', format: 'der' }));

const { pskKeys, certificateSubject, trustAnchors } = registryUnderTestContent;
const { alias: aliasInUse, sharedAnchor } = registryUnderTestContent;
const deviceKey = base64(registryUnderTestContent.publicKey);
const authority = createCertificateAuthority(trustAnchors.enabled);
const trustedByName = { 'subject-dn': trustAnchors.disabled, 'public-key': base64(authority.publicKey) };
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

  test.each([
    ['nothing', {}, 'must have a key and its algorithm, or cert, and not both'],
    ['both', { ...ecKey(), cert: 'AQID' }, 'must have a key and its algorithm, or cert, and not both'],
    ['no algorithm', { key: ecKey().key }, 'algorithm: is missing'],
    ['that of another', { ...ecKey(), algorithm: 'RSA' }, 'algorithm: must be EC, for the key is'],
    [
      'no key at all',
      { algorithm: 'EC', key: 'AQID' },
      'key: must be a SubjectPublicKeyInfo in DER, in Base64',
    ],
    ['no certificate', { cert: 'AQID' }, 'cert: must be a certificate in DER, in Base64'],
    [
      'an RSA key of 1,024 bits',
      { algorithm: 'RSA', key: base64(createDeviceKey('RS256', 1_024).publicKey) },
      weak,
    ],
    [
      'a key on another curve',
      { algorithm: 'EC', key: spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })) },
      weak,
    ],
    ['a key that signs otherwise', { algorithm: 'EC', key: spkiOf(generateKeyPairSync('ed25519')) }, weak],
  ])('a public key with %s is a problem', (_what, secret, problem) => {
    const credentials = [{ type: 'rpk', 'auth-id': 'r', secrets: [secret] }];
    const problems = problemsOf({ tenants: [tenant('acme', [device('d', { credentials })])] });
    expect(problems).toEqual([`tenants[0].devices[0].credentials[0].secrets[0]: ${problem}`]);
  });

  test('an algorithm that is none, and a field that is none, are problems of a public key', () => {
    const secret = { ...ecKey(), algorithm: 'DSA', psk: 'AQID' };
    const credentials = [{ type: 'rpk', 'auth-id': 'r', secrets: [secret] }];
    expect(problemsOf({ tenants: [tenant('acme', [device('d', { credentials })])] })).toEqual([
      'tenants[0].devices[0].credentials[0].secrets[0].algorithm: must be EC or RSA',
      'tenants[0].devices[0].credentials[0].secrets[0].psk: unknown field',
    ]);
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

  test('with unusable keys or authorities is refused, and each is named', async () => {
    const ca = { 'subject-dn': 'CN=ca', 'public-key': base64(authority.publicKey) };
    expect(
      problemsOf({
        tenants: [
          tenant(
            'acme',
            [
              device('d1', {
                credentials: [
                  { type: 'psk', 'auth-id': 'a', secrets: [{ key: '' }, { key: '?' }, {}] },
                  { type: 'x509-cert', 'auth-id': 'serialNumber=7,O=Acme', secrets: [{}] },
                ],
              }),
            ],
            {
              'trusted-ca': [
                { ...ca, 'subject-dn': 'emailAddress=a@b.c' },
                { ...ca, 'public-key': 'AQID' },
                { cert: base64(authority.publicKey) },
                { ...ca, 'ocsp-revocation-enabled': true },
                { ...ca, 'auth-id-template': '{{subject-dc}}' },
                {},
              ],
            },
          ),
        ],
      }),
    ).toEqual([
      'tenants[0].trusted-ca[0]: must have cert, or a subject-dn as in RFC 2253, e.g. CN=ca,O=Acme, or subject-dn-bytes',
      'tenants[0].trusted-ca[1]: must have cert, or a public-key: a SubjectPublicKeyInfo in DER',
      'tenants[0].trusted-ca[2]: cert: must be a certificate in DER',
      'tenants[0].trusted-ca[3].ocsp-revocation-enabled: OCSP is not supported',
      'tenants[0].trusted-ca[4].auth-id-template: must have one of {{subject-dn}}, {{subject-cn}}, {{subject-ou}}, {{subject-o}}, and no other placeholder',
      'tenants[0].trusted-ca[5]: must have cert, or a subject-dn as in RFC 2253, e.g. CN=ca,O=Acme, or subject-dn-bytes',
      'tenants[0].devices[0].credentials[0].secrets[0].key: must be of 1 to 512 bytes, in Base64',
      'tenants[0].devices[0].credentials[0].secrets[1].key: must be Base64',
      'tenants[0].devices[0].credentials[0].secrets[2].key: is missing',
      'tenants[0].devices[0].credentials[1].auth-id: must be as in RFC 2253, e.g. CN=device-1,O=Acme',
    ]);
    expect(
      problemsOf({
        tenants: [
          tenant('acme', [], { 'trusted-ca': [ca, ca] }),
          tenant('umbrella', [], { 'trusted-ca': [ca] }),
        ],
      }),
    ).toEqual([]);
  });

  test('has names of tenants that mean one each', () => {
    const alias = (name: unknown): object => ({ alias: name });
    const clash = (first: object, second: object): readonly string[] =>
      problemsOf({ tenants: [tenant('acme', [], first), tenant('umbrella', [], second)] });
    expect(clash(alias('one'), alias('two'))).toEqual([]);
    expect(clash(alias('acme'), {})).toEqual([]);
    expect(clash(alias('one'), alias('one'))).toEqual([
      'tenants[1].alias: one is a name of tenant acme already',
    ]);
    expect(clash(alias('umbrella'), {})).toEqual([
      'tenants[0].alias: umbrella is a name of tenant umbrella already',
    ]);
    for (const wrong of ['', 'One', 'a.b', 'a_b', 'ü', 'x'.repeat(64), 'a\n'])
      expect(clash(alias(wrong), {}), wrong).toEqual([
        'tenants[0].alias: must have 1 to 63 of the characters a to z, 0 to 9 and -',
      ]);
  });

  test.each(['-_-_', 'aG9uby1zZWNyZXQ', 'aG9u by1z', 'aG9u\n'])(
    'with the key %j, which is no Base64 as Hono has it, is refused',
    (key) => {
      const psk = { type: 'psk', 'auth-id': 'one', secrets: [{ key }] };
      const problem = 'tenants[0].devices[0].credentials[0].secrets[0].key: must be Base64';
      expect(problemsOf({ tenants: [tenant('acme', [{ 'device-id': 'one', credentials: [psk] }])] })).toEqual(
        [problem],
      );
    },
  );

  test('has authorities of tenants with and without a group of them', () => {
    const group = (name: unknown): readonly string[] =>
      problemsOf({
        tenants: ['acme', 'umbrella'].map((id) =>
          tenant(id.toUpperCase(), [], {
            alias: id,
            'trusted-ca': [trustedByName],
            'trust-anchor-group': name,
          }),
        ),
      });
    expect(group('one')).toEqual([]);
    expect(group(undefined)).toEqual([]);
    expect(group(7)).not.toEqual([]);
  });

  test('has authorities of several tenants where a server name can name each of them', () => {
    const ca = { 'trusted-ca': [trustedByName] };
    const sharing = (first: object, second: object): readonly string[] =>
      problemsOf({ tenants: [tenant('ACME', [], first), tenant('UMBRELLA', [], second)] });
    expect(sharing({ alias: 'acme', ...ca }, { alias: 'umbrella', ...ca })).toEqual([]);
    expect(sharing({ alias: 'acme', ...ca }, ca)).toEqual([
      `tenants[1].trusted-ca[0]: ${trustAnchors.disabled} is an authority of tenant ACME too: a server name must tell them apart, and UMBRELLA needs an alias for it`,
    ]);
    expect(sharing(ca, ca)).toHaveLength(2);
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

  test('with mistakes everywhere is refused with all of them, each with its path', async () => {
    expect(
      problemsOf({
        tenants: [
          tenant('acme', [
            device('d1', {
              enabeld: true,
              credentials: [password('a', { secrets: [{}] }), { type: 'magic' }],
            }),
            device('', {}),
          ]),
          { devices: [] },
          tenant('a/b', [], { 'resource-limits': { 'max-connections': 'many' } }),
        ],
        extra: 1,
      }),
    ).toEqual([
      'tenants[0].devices[0].credentials[0].secrets[0]: must have pwd-hash or pwd-plain, and not both',
      'tenants[0].devices[0].credentials[1].type: must have a type: hashed-password, psk, x509-cert or rpk',
      'tenants[0].devices[0].enabeld: unknown field',
      'tenants[0].devices[1].device-id: must not be empty',
      'tenants[1].tenant-id: is missing',
      'tenants[2].tenant-id: must not have a slash',
      'tenants[2].resource-limits.max-connections: must be a whole number',
      'extra: unknown field',
    ]);
  });

  test('with a name that is there twice is refused', async () => {
    expect(
      problemsOf({
        tenants: [
          tenant('acme', [
            device('d1', { credentials: [password('a')] }),
            device('d1', { credentials: [password('a')] }),
          ]),
          tenant('acme'),
        ],
      }),
    ).toEqual([
      'tenants[0].devices[1].device-id: d1 is there twice',
      'tenants[0].devices[1].credentials[0].auth-id: a is there twice as hashed-password',
      'tenants[1].tenant-id: acme is there twice',
    ]);
  });

  test('with a tenant id that the network cannot carry is refused with the reason', () => {
    const text = dump({ tenants: [tenant('a::b'), tenant('a:b')] });
    const tenantRules = [{ pattern: '::', reason: '`::` begins the name of a subscription' }];
    expect(parseRegistry('r.yaml', text, { saltKey: new Uint8Array(32), tenantRules })).toEqual({
      status: 'invalid',
      problems: ['tenants[0].tenant-id: a::b cannot be used: `::` begins the name of a subscription'],
    });
    expect(parseRegistry('r.yaml', text).status).toBe('valid');
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
    [
      'devices',
      {
        tenants: [
          tenant(
            'acme',
            Array.from({ length: 150_000 }, () => ({})),
          ),
        ],
      },
    ],
    ['tenants', { tenants: Array.from({ length: 150_000 }, () => ({})) }],
    [
      'credentials of one device',
      { tenants: [tenant('acme', [device('d', { credentials: Array.from({ length: 150_000 }, () => 1) })])] },
    ],
  ])('with 150,000 wrong %s is refused with the first problems and their number', async (_what, content) => {
    const problems = problemsOf(JSON.stringify(content), 'registry.json');
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThan(100);
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

  test.each([
    ['that is not YAML', 'tenants: [', 'registry.yaml'],
    ['that is not JSON', '{"tenants": [', 'registry.json'],
    ['that is empty', '', 'registry.yaml'],
    ['that is a list', '[]', 'registry.json'],
    [
      'whose aliases stand for a billion values',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((n, i) => `${n}: &${n} [${`*${'abcdefgh'[i]},`.repeat(9)}]`)
        .join('\n')}\n`,
      'registry.yaml',
    ],
    ['that nests 5,000 lists', '['.repeat(5_000), 'registry.json'],
  ])('%s is refused with a readable problem', async (_what, text, name) => {
    const problems = problemsOf(text, name);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.length < 500)).toBe(true);
  });

  test.each([
    [
      'JSON',
      '{"tenants":[\n{"tenant-id":"acme","devices":[],\n"devices":[{"device-id":"s3cret"}]}]}',
      'r.json',
    ],
    ['YAML', 'tenants:\n - tenant-id: acme\n   devices: []\n   devices: [{ device-id: s3cret }]\n', 'r.yaml'],
  ])('with a key that is there twice is refused in %s, and not taken by half', (_format, text, name) => {
    const problems = problemsOf(text, name);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/: duplicated mapping key at line [34], column \d+$/);
    expect(problems[0]).not.toContain('s3cret');
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
