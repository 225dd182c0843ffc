import { X509Certificate } from 'node:crypto';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import {
  createCertificateAuthority,
  type CertificateFacts,
  type IssuedCertificate,
  withNoDate,
} from '@rollcall/conformance/certificates';
import { mutated } from '@rollcall/conformance/hostile';
import { scriptedAuthorities, ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import type { Timestamp } from '@rollcall/core';
import type { Tenant } from '@rollcall/core/registry';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuthenticationResult } from '../authentication-result.ts';
import { authenticate } from './authenticate.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { readPresentedCertificate } from './presented-certificate.ts';

const { acme } = scriptedAuthorities;
const subject = 'CN=thermostat-7,O=acme';
const thermostat = acme.issue({ subject });
const hour = 3_600_000;

let clock = new ManualClock();
let registry = new ScriptedRegistry();
let context: AuthenticationContext;

function given(tenant: Partial<Tenant> = {}): void {
  clock = new ManualClock();
  registry = new ScriptedRegistry();
  registry.setTenant('acme', tenant);
  context = {
    registry,
    passwords: scriptedPasswords(clock),
    clock,
    adapterType: 'hono-test',
  };
}

beforeEach(() => given());

const login = ({ der }: Pick<IssuedCertificate, 'der'>): Promise<AuthenticationResult> =>
  authenticate({ certificate: der, remoteIp: '192.0.2.1' }, context);

async function outcome(certificate: Pick<IssuedCertificate, 'der'>): Promise<string> {
  const result = await login(certificate);
  return result.status === 'accepted' ? 'accepted' : result.refusal.reason;
}

test('the holder of a certificate is whom its subject names, in the tenant that trusts its issuer', async () => {
  expect(await login(thermostat)).toMatchObject({
    status: 'accepted',
    identity: { device: { tenant: 'acme', device: 'thermostat-7' }, authId: subject },
  });
});

test('a certificate that the handshake has parsed is not parsed again: what it parsed is verified', async () => {
  const forged = createCertificateAuthority(acme.subject).issue({ subject });
  const verdict = async ({ der }: IssuedCertificate): Promise<string> => {
    const parsed = { certificate: thermostat.der, x509: new X509Certificate(der), remoteIp: '192.0.2.1' };
    return (await authenticate(parsed, context)).status;
  };
  expect([await verdict(thermostat), await verdict(forged)]).toEqual(['accepted', 'refused']);
});

test('a certificate that is longer than any of a device is not read: a stranger chooses what his says', async () => {
  const named = (length: number): Uint8Array => acme.issue({ subject: `CN=${'a'.repeat(length)}` }).der;
  expect(named(7_500).length).toBeLessThan(8_192);
  expect(readPresentedCertificate({ certificate: named(7_500) })?.issuerDn).toBe(acme.subject);
  expect(readPresentedCertificate({ certificate: named(8_192) })).toBeUndefined();
});

test.each(['not-before', 'not-after'] as const)('a certificate whose %s is no date is not read', (which) => {
  const broken = withNoDate(thermostat, which);
  expect(readPresentedCertificate({ certificate: broken })).toBeUndefined();
});

describe('is refused as bad credentials:', () => {
  const facts = (more: Partial<CertificateFacts>): CertificateFacts => ({ subject, ...more });
  const now = Date.parse('2026-01-01T12:00:00Z');

  test.each([
    ['a certificate of another tenant', scriptedAuthorities.umbrella.issue({ subject })],
    [
      'one of somebody with the name of the authority',
      createCertificateAuthority(acme.subject).issue({ subject }),
    ],
    ['one of somebody whom no tenant trusts', createCertificateAuthority('CN=other').issue({ subject })],
    ['one that was signed for itself', createCertificateAuthority(subject)],
    ['one whose time is over', acme.issue(facts({ notAfter: now - 1_000 }))],
    ['one whose time has not come', acme.issue(facts({ notBefore: now + 1_000 }))],
    ['one of a server', acme.issue(facts({ extendedKeyUsages: ['1.3.6.1.5.5.7.3.1'] }))],
    ['one whose key may only agree on keys', acme.issue(facts({ keyUsage: 0x08 }))],
    ['one whose key may only sign certificates', acme.issue(facts({ keyUsage: 0x06 }))],
    ['one whose key is for nothing', acme.issue(facts({ keyUsage: 0 }))],
    ['one of an authority', acme.issue(facts({ isAuthority: true }))],
    ['one of an authority whose key may sign', acme.issue(facts({ isAuthority: true, keyUsage: 0x86 }))],
    [
      'one that says twice what it is for',
      acme.issue(facts({ extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'], doubled: true })),
    ],
    [
      'one with an extension that must be understood, and is not',
      acme.issue(facts({ unknownCritical: '1.2.3.4' })),
    ],
    ['one that is signed over SHA-1', acme.issue(facts({ digest: 'sha1' }))],
    ['one of nobody', acme.issue({ subject: 'CN=nobody,O=acme' })],
    ['one with other spelling', acme.issue({ subject: 'CN=Thermostat-7,O=acme' })],
    ['the one of the authority itself', acme],
    ['no certificate at all', { der: Uint8Array.of(1, 2, 3) }],
    ['half a certificate', { der: thermostat.der.subarray(0, 200) }],
  ])('%s', async (_what, certificate) => {
    expect(await outcome(certificate)).toBe('bad-credentials');
  });

  test.each([
    ['in its name', 40],
    ['in its key', 250],
    ['in its signature', thermostat.der.length - 5],
  ])('one that was changed %s', async (_where, at) => {
    const changed = Uint8Array.from(thermostat.der);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(await outcome({ der: changed })).toBe('bad-credentials');
  });

  test('one whose credentials are out of date', async () => {
    registry.secrets = { ...registry.secrets, 'x509-cert': [{ notAfter: clock.now() }] };
    expect(await outcome(thermostat)).toBe('bad-credentials');
  });

  test('one of an authority that is trusted no more, or not yet', async () => {
    const { subject: subjectDn, publicKey } = acme;
    given({ trustAnchors: [{ subjectDn, publicKey, notAfter: now as Timestamp }] });
    expect(await outcome(thermostat)).toBe('bad-credentials');
    given({ trustAnchors: [{ subjectDn, publicKey, notBefore: now as Timestamp }] });
    expect(await outcome(thermostat)).toBe('bad-credentials');
    given({ trustAnchors: [{ subjectDn, publicKey: Uint8Array.of(1) }] });
    expect(await outcome(thermostat)).toBe('bad-credentials');
  });
});

test('2,000 certificates that are not quite the right one: none gets in, and none does harm', async () => {
  const random = seededRandom(20_261_125);
  const outcomes = new Set<string>();
  for (let index = 0; index < 2_000; index++) {
    const der = Buffer.from(mutated([thermostat.der], random));
    // Nothing may have been changed at all.
    if (der.equals(thermostat.der)) continue;
    const remoteIp = `2001:db8:0:${index.toString(16)}::1`;
    const result = await authenticate({ certificate: der, remoteIp }, context);
    outcomes.add(result.status === 'accepted' ? 'accepted' : result.refusal.reason);
  }
  expect([...outcomes]).toEqual(['bad-credentials']);
});

test('a certificate for clients, or for anything, is one of a device', async () => {
  for (const usage of ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])
    expect(await outcome(acme.issue({ subject, extendedKeyUsages: [usage] }))).toBe('accepted');
});

test.each([0x80, 0xa0, 0x88])('a key for signatures (usage %i) is one of a device', async (keyUsage) => {
  expect(await outcome(acme.issue({ subject, keyUsage }))).toBe('accepted');
});

test('an authority that changes its key is trusted with both', async () => {
  const next = createCertificateAuthority(acme.subject);
  given({
    trustAnchors: [acme, next].map(({ subject: subjectDn, publicKey }) => ({ subjectDn, publicKey })),
  });
  expect(await outcome(thermostat)).toBe('accepted');
  expect(await outcome(next.issue({ subject }))).toBe('accepted');
});

describe('a server name', () => {
  const umbrella = acme.issue({ subject: 'CN=thermostat-7,O=umbrella' });
  const anchor = { subjectDn: acme.subject, publicKey: acme.publicKey };

  async function tenantAt(serverName: string | undefined, { der }: IssuedCertificate): Promise<string> {
    const result = await authenticate({ certificate: der, serverName, remoteIp: '192.0.2.1' }, context);
    return result.status === 'accepted' ? result.identity.device.tenant : result.refusal.reason;
  }

  test('counts for nothing where one tenant trusts the issuer', async () => {
    for (const name of [undefined, 'umbrella.example', 'x', 'nowhere.example'])
      expect(await tenantAt(name, thermostat)).toBe('acme');
    expect(await tenantAt('umbrella.example', umbrella)).toBe('bad-credentials');
  });

  test.each([
    ['umbrella.example', 'umbrella'],
    ['rain.example', 'umbrella'],
    ['Rain.Example', 'umbrella'],
    ['acme.example', 'bad-credentials'],
    ['nowhere.example', 'bad-credentials'],
    ['umbrella', 'bad-credentials'],
    ['umbrella.', 'bad-credentials'],
    ['.umbrella.example', 'bad-credentials'],
    ['', 'bad-credentials'],
    [undefined, 'bad-credentials'],
    ['umbrella\u0000.example', 'bad-credentials'],
    ['umbrella@acme.example', 'bad-credentials'],
    ['__proto__.example', 'bad-credentials'],
    ['umbrella.'.repeat(10_000), 'bad-credentials'],
  ])('%j, where two tenants trust the issuer, leads to %s', async (name, expected) => {
    registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [anchor] });
    expect(await tenantAt(name, umbrella)).toBe(expected);
  });

  test('names nobody who does not trust the issuer, where no tenant does', async () => {
    const stranger = createCertificateAuthority('CN=other').issue({ subject });
    expect(await tenantAt('acme.example', stranger)).toBe('bad-credentials');
    registry.setTenant('umbrella', { trustAnchors: [] });
    registry.setTenant('acme', { trustAnchors: [] });
    expect(await tenantAt('acme.example', thermostat)).toBe('bad-credentials');
  });
});

describe('access ends', () => {
  async function expiry(certificate: IssuedCertificate): Promise<number | undefined> {
    const result = await login(certificate);
    if (result.status !== 'accepted') throw new Error(result.refusal.reason);
    return (result.identity.expiresAt ?? Infinity) - clock.now();
  }
  const certificate = (): IssuedCertificate => acme.issue({ subject, notAfter: clock.now() + 5 * hour });

  test('with the certificate, after its last second', async () => {
    expect(await expiry(certificate())).toBe(5 * hour + 1_000);
  });

  test('with the last of the credentials that hold, if that is earlier', async () => {
    const notAfter = (hours: number) => ({ notAfter: (clock.now() + hours * hour) as Timestamp });
    registry.secrets = { ...registry.secrets, 'x509-cert': [notAfter(1), notAfter(2), notAfter(-1)] };
    expect(await expiry(certificate())).toBe(2 * hour);
  });

  test('with the trust in the authority, if that is earlier', async () => {
    const { subject: subjectDn, publicKey } = acme;
    given({ trustAnchors: [{ subjectDn, publicKey, notAfter: (clock.now() + hour) as Timestamp }] });
    expect(await expiry(certificate())).toBe(hour);
  });
});

describe('an auth-id that is made of the subject', () => {
  const made = async (authIdTemplate: string, ofSubject: string): Promise<string | undefined> => {
    const { subject: subjectDn, publicKey } = acme;
    given({ trustAnchors: [{ subjectDn, publicKey, authIdTemplate }] });
    let asked: string | undefined;
    registry.getCredentials = async ({ authId }) => {
      asked = authId;
      return { status: 'not-found' };
    };
    expect(await outcome(acme.issue({ subject: ofSubject }))).toBe('bad-credentials');
    return asked;
  };

  test.each([
    ['auth-{{subject-cn}}-{{subject-ou}}-{{subject-o}}', 'CN=a,OU=b,O=c', 'auth-a-b-c'],
    ['{{subject-dn}}', 'CN=a,O=c', 'CN=a,O=c'],
    ['{{subject-cn}}', 'CN={{subject-o}},O=c', '{{subject-o}}'],
    ['{{subject-o}}', 'O=least,O=most', 'most'],
    ['{{subject-ou}}', 'CN=a', undefined],
  ])('%s of %s', async (template, ofSubject, authId) => {
    expect(await made(template, ofSubject)).toBe(authId);
  });
});

test('a disabled tenant, a disabled device and a registry that is away are told apart', async () => {
  registry.disable('acme', 'thermostat-7');
  expect(await outcome(thermostat)).toBe('device-not-registered');
  registry.disable('acme');
  expect(await outcome(thermostat)).toBe('tenant-disabled');
  registry.unavailable = true;
  expect(await outcome(thermostat)).toBe('unavailable');
});
