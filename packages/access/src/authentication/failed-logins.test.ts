import { settled } from '@rollcall/conformance';
import {
  createCertificateAuthority,
  tokenClaims,
  type CertificateAuthority,
} from '@rollcall/conformance/certificates';
import { scriptedAuthorities, scriptedDeviceKey, scriptedPassword } from '@rollcall/conformance/registry';
import type { Timestamp } from '@rollcall/core';
import type { CredentialsType } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import type { DeviceLogin } from '../login.ts';
import { device, given } from '../testing/given-authenticator.ts';

describe('a failed login', () => {
  test.each([
    ['an unknown tenant', 'thermostat-7@nowhere', 'unknown-tenant'],
    ['an unknown device', 'nobody@acme', 'unknown-device'],
    ['a wrong password', device, 'wrong-secret'],
    ['no name', '', 'credentials-malformed'],
  ])('with %s is answered alike, 300 ms after it began; only we know why', async (_what, username, cause) => {
    const { timed, causes, log } = given();
    expect(await timed(username, 'guess')).toEqual(['bad-credentials', 300]);
    expect(causes).toEqual([cause]);
    expect(JSON.stringify(log.lines)).not.toContain('guess');
  });

  const remoteIp = '192.0.2.1';
  const certificateOf = (authority: CertificateAuthority, subject: string) => ({
    certificate: authority.issue({ subject }).der,
    remoteIp,
  });
  const acme = scriptedAuthorities.acme;
  const logins: readonly (readonly [string, DeviceLogin])[] = [
    ['password', { username: 'nobody@acme', password: Buffer.from('guess'), remoteIp }],
    ['token', { token: 'forged', tenant: 'acme', authId: 'nobody', remoteIp }],
    ['certificate', certificateOf(acme, 'CN=nobody,O=acme')],
    [
      'certificate that is not signed as it says',
      certificateOf(createCertificateAuthority(acme.subject), 'CN=thermostat-7,O=acme'),
    ],
  ];

  test.each(logins)('with a %s has its tenant and its address in the log line', async (_what, login) => {
    const { authenticator, clock, log } = given();
    const result = authenticator.authenticate(login);
    for (let waited = 0; waited < 10; waited++) await clock.advanceAsync(100);
    expect(await result).toMatchObject({ refusal: { reason: 'bad-credentials' } });
    expect(log.lines).toMatchObject([{ message: 'device refused', facts: { tenant: 'acme', remoteIp } }]);
  });

  test('with a certificate has its tenant in the log line, also where that is disabled', async () => {
    const { authenticator, registry, log } = given();
    registry.disable('acme');
    await authenticator.authenticate(certificateOf(acme, 'CN=thermostat-7,O=acme'));
    expect(log.lines).toMatchObject([{ facts: { tenant: 'acme', reason: 'tenant-disabled' } }]);
  });

  const thermostats = { tenant: 'acme', authId: 'thermostat-7', remoteIp };
  const known: readonly (readonly [CredentialsType, DeviceLogin | undefined])[] = [
    ['hashed-password', { username: device, password: Buffer.from(scriptedPassword), remoteIp }],
    [
      'rpk',
      { ...thermostats, token: scriptedDeviceKey.sign(tokenClaims(0 as Timestamp, 'acme', 'thermostat-7')) },
    ],
    ['x509-cert', certificateOf(acme, 'CN=thermostat-7,O=acme')],
    ['psk', undefined],
  ];

  test.each(known)('with disabled credentials of type %s has that as its cause', async (type, login) => {
    const { authenticator, registry, clock, causes } = given();
    registry.setCredentials('acme', 'thermostat-7', type, 'disabled');
    const result = login
      ? authenticator.authenticate(login)
      : authenticator.findPsk({ identity: device, remoteIp });
    for (let waited = 0; waited < 10; waited++) await clock.advanceAsync(100);
    expect(await result).toMatchObject({ refusal: { reason: 'bad-credentials' } });
    expect(causes).toEqual(['credentials-disabled']);
  });

  test('with a certificate whose time is over has that as its cause', async () => {
    const { authenticator, registry, clock, causes } = given();
    registry.setSecrets('x509-cert', [{ notAfter: (clock.now() - 1) as Timestamp }]);
    const result = authenticator.authenticate(certificateOf(acme, 'CN=thermostat-7,O=acme'));
    for (let waited = 0; waited < 10; waited++) await clock.advanceAsync(100);
    expect(await result).toMatchObject({ refusal: { reason: 'bad-credentials' } });
    expect(causes).toEqual(['secret-expired']);
  });

  test.each([
    ['bad-credentials', device, 'wrong-secret', { tenant: 'acme', remoteIp }],
    ['bad-credentials', '', 'bad-credentials', { remoteIp }],
    ['credentials-missing', '', 'credentials-missing', { remoteIp }],
    ['credentials-malformed', device, 'credentials-malformed', { tenant: 'acme', remoteIp }],
  ] as const)('that a protocol found (%s, name "%s") counts as %s', (cause, name, counted, facts) => {
    const { authenticator, causes, log } = given();
    authenticator.refused(cause, remoteIp, name);
    expect(causes).toEqual([counted]);
    expect(log.lines).toMatchObject([{ message: 'device refused', facts }]);
  });

  test('of a device that is asked about again has the device in the log line', async () => {
    const { authenticator, registry, log } = given();
    const login = await authenticator.authenticate({
      username: device,
      password: Buffer.from(scriptedPassword),
      remoteIp,
    });
    registry.disable('acme', 'thermostat-7');
    if (login.status !== 'accepted') throw new Error('refused');
    await authenticator.reauthorize(login.identity);
    expect(log.lines).toMatchObject([{ facts: { tenant: 'acme', device: 'thermostat-7' } }]);
  });

  test('with a key has its tenant and its address in the log line', async () => {
    const { authenticator, log } = given();
    await authenticator.findPsk({ identity: 'nobody@acme', remoteIp });
    expect(log.lines).toMatchObject([
      { message: 'device refused', facts: { tenant: 'acme', remoteIp, problem: 'unknown-device' } },
    ]);
  });

  test('that took longer to find out is answered at the next multiple', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock, timed } = given({
      passwords: { verify: () => promise.then(() => 'invalid' as const) },
    });
    clock.at((clock.monotonic() + 301) as never, resolve);
    expect(await timed(device, 'guess')).toEqual(['bad-credentials', 600]);
  });

  test('hashes nothing for a name that does not exist', async () => {
    const { timed, verified } = given();
    await timed('nobody@acme', 'guess');
    await timed('thermostat-7@nowhere', 'guess');
    expect(verified()).toBe(0);
  });

  test('does not delay one that succeeds', async () => {
    const { timed } = given();
    expect(await timed(device)).toEqual(['accepted', 0]);
  });
});

describe('a name that failed too often at an address', () => {
  test('gets the same answer for the right and for the wrong secret, late, and nobody looks', async () => {
    const { outcome, throttle, clock, verified } = given();
    await throttle(device);
    const looked = verified();
    const begunAt = clock.monotonic();
    const answers: (readonly [string, number])[] = [];
    for (const password of [scriptedPassword, 'guess', scriptedPassword, 'guess'])
      void outcome(device, password, '192.0.2.1').then((reason) =>
        answers.push([reason, clock.monotonic() - begunAt]),
      );
    await clock.advanceAsync(5_000);
    expect(answers.map(([reason]) => reason)).toEqual(['throttled', 'throttled', 'throttled', 'throttled']);
    for (const [, afterMs] of answers) {
      expect(afterMs).toBeGreaterThanOrEqual(1_000);
      expect(afterMs).toBeLessThanOrEqual(5_000);
    }
    expect(verified()).toBe(looked);
  });

  test.each(['nobody@acme', 'thermostat-7@nowhere'])('is throttled where it is %s too', async (username) => {
    const { outcome, throttle, clock } = given();
    await throttle(username);
    const answer = outcome(username, 'guess', '192.0.2.1');
    await clock.advanceAsync(5_000);
    expect(await answer).toBe('throttled');
  });

  test('does not keep out other names there, nor the same name elsewhere', async () => {
    const { outcome, timed, throttle } = given();
    await throttle(device);
    expect(await outcome('valve-1@acme', scriptedPassword, '192.0.2.1')).toBe('accepted');
    expect(await timed(device, scriptedPassword, '192.0.2.2')).toEqual(['accepted', 0]);
  });

  test('lets in a client that proved this very secret there, and helps no other to guess', async () => {
    const { outcome, throttle, clock, timed } = given();
    expect(await timed(device)).toEqual(['accepted', 0]);
    await throttle(device);
    expect(await outcome(device, scriptedPassword, '192.0.2.1')).toBe('accepted');
    const guess = outcome(device, 'battery-staple', '192.0.2.1');
    await clock.advanceAsync(5_000);
    expect(await guess, 'right, but never proved here').toBe('throttled');
  });

  test('no thousand tries at once are a way around it', async () => {
    const { outcome, clock, verified } = given();
    const guesses = Array.from({ length: 1_000 }, (_, guess) =>
      outcome(device, `guess-${guess}`, '192.0.2.1'),
    );
    await clock.advanceAsync(5_000);
    const reasons = await Promise.all(guesses);
    expect(reasons.filter((each) => each === 'bad-credentials')).toHaveLength(10);
    expect(verified()).toBe(10);
  });

  test('a device that comes many times at once with the right secret is let in each time', async () => {
    const { outcome, clock } = given();
    const logins = Array.from({ length: 100 }, () => outcome(device, scriptedPassword, '192.0.2.1'));
    await clock.advanceAsync(0);
    expect(new Set(await Promise.all(logins))).toEqual(new Set(['accepted']));
  });

  test('only so many answers are held back, the others come at once', async () => {
    const { outcome, throttle, clock, log } = given();
    await throttle(device);
    let answered = 0;
    for (let guess = 0; guess < 500; guess++)
      void outcome(device, `flood-${guess}`, '192.0.2.1').then(() => (answered += 1));
    await settled();
    expect(answered).toBe(400);
    await clock.advanceAsync(5_000);
    expect(answered).toBe(500);
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    await clock.advanceAsync(60_000);
    expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { facts: { causes: { throttled: 500 }, from: [{ addresses: '192.0.2.1' }] } },
    ]);
    expect(clock.armed).toBe(0);
  });
});
