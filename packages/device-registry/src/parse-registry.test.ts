import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  createCertificateAuthority,
  createDeviceKey,
  withKeyOffCurve,
  withNoDate,
} from '@rollcall/conformance/certificates';
import { describe, expect, test } from 'vitest';
import { dump } from 'js-yaml';
import { parseRegistry } from './parse-registry.ts';
import {
  password,
  device,
  tenant,
  problemsOf,
  base64,
  trustAnchors,
  authority,
  trustedByName,
} from './testing/file-content.ts';

/** A call of a function takes no more than some 120,000 arguments: the soak has more, and so have the credentials below. */
const manyObjects = process.env['ROLLCALL_FUZZ_CASES'] === undefined ? 15_000 : 150_000;

const weak = 'must have an RSA key of 2048 bits or more, or one on P-256, P-384 or P-521';
function ecKey(): { readonly algorithm: string; readonly key: string } {
  return { algorithm: 'EC', key: base64(createDeviceKey().publicKey) };
}

const spkiOf = ({ publicKey }: { readonly publicKey: KeyObject }): string =>
  base64(publicKey.export({ type: 'spki', format: 'der' }));

describe('a registry file', () => {
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
      'a certificate whose key is none',
      { cert: base64(withKeyOffCurve(createCertificateAuthority('CN=a'))) },
      'cert: must be a certificate in DER, in Base64',
    ],
    [
      'a certificate without beginning',
      { cert: base64(withNoDate(createCertificateAuthority('CN=a'), 'not-before')) },
      'cert: must be a certificate in DER, in Base64',
    ],
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
                { cert: base64(withNoDate(authority, 'not-after')) },
                { ...ca, 'ocsp-revocation-enabled': true },
                { ...ca, 'auth-id-template': '{{subject-dc}}' },
                { ...ca, 'auth-id-template': `{{subject-cn}}${'{'.repeat(1_011)}` },
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
      'tenants[0].trusted-ca[3]: cert: must be a certificate in DER',
      'tenants[0].trusted-ca[4].ocsp-revocation-enabled: OCSP is not supported',
      'tenants[0].trusted-ca[5].auth-id-template: must have one of {{subject-dn}}, {{subject-cn}}, {{subject-ou}}, {{subject-o}}, and no other placeholder',
      'tenants[0].trusted-ca[6].auth-id-template: must not be longer than 1024 characters',
      'tenants[0].trusted-ca[7]: must have cert, or a subject-dn as in RFC 2253, e.g. CN=ca,O=Acme, or subject-dn-bytes',
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

  test.each([
    [
      'devices',
      {
        tenants: [
          tenant(
            'acme',
            Array.from({ length: manyObjects }, () => ({})),
          ),
        ],
      },
    ],
    ['tenants', { tenants: Array.from({ length: manyObjects }, () => ({})) }],
    [
      'credentials of one device',
      { tenants: [tenant('acme', [device('d', { credentials: Array.from({ length: 150_000 }, () => 1) })])] },
    ],
  ])(
    'with very many wrong %s is refused with the first problems and their number',
    async (_what, content) => {
      const problems = problemsOf(JSON.stringify(content), 'registry.json');
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.length).toBeLessThan(100);
    },
  );

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
});
