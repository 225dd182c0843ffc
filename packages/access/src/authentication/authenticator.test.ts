import { ManualClock, seededRandom, settled, recordingLog } from '@rollcall/conformance';
import {
  createCertificateAuthority,
  createDeviceKey,
  tokenClaims,
  type CertificateAuthority,
} from '@rollcall/conformance/certificates';
import {
  hashed,
  scriptedAuthorities,
  scriptedDeviceKey,
  scriptedPassword,
  ScriptedRegistry,
  scriptedPasswords,
} from '@rollcall/conformance/registry';
import type { Timestamp } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { CredentialsType, PasswordVerifier } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import type { DeviceLogin } from '../login.ts';
import { createAuthenticator, defaultLogins, type AuthenticatorOptions } from './authenticator.ts';

function given(facts: Partial<AuthenticatorOptions> & { readonly clock?: ManualClock } = {}) {
  const clock = facts.clock ?? new ManualClock();
  const registry = new ScriptedRegistry();
  const log = recordingLog();
  const causes: string[] = [];
  let verified = 0;
  const passwords = facts.passwords ?? scriptedPasswords(clock);
  const counting: PasswordVerifier = {
    ...passwords,
    verify(...asked) {
      verified += 1;
      return passwords.verify(...asked);
    },
  };
  const authenticator = createAuthenticator({
    registry,
    clock,
    random: seededRandom(1),
    log,
    adapterType: 'hono-test',
    admission: { maxRunning: 200, maxWaiting: 1_000, maxWaitMs: 8_000 },
    logins: { ...defaultLogins, isShared: (address) => address === '198.51.100.1' },
    observer: { attempted: ({ cause }) => cause !== undefined && causes.push(cause) },
    ...facts,
    passwords: counting,
  });

  async function outcome(username: string, password: string, remoteIp: string): Promise<string> {
    const result = await authenticator.authenticate({
      username,
      password: Buffer.from(password),
      remoteIp,
    });
    return result.status === 'accepted' ? 'accepted' : result.refusal.reason;
  }

  /** What becomes of a login, and when, in ms. */
  async function timed(
    username: string,
    password = scriptedPassword,
    remoteIp = '192.0.2.1',
  ): Promise<readonly [string, number]> {
    const begunAt = clock.monotonic();
    const result = outcome(username, password, remoteIp).then((reason): readonly [string, number] => [
      reason,
      clock.monotonic() - begunAt,
    ]);
    await clock.advanceAsync(10_000);
    return result;
  }

  /** Has the name throttled at the address. */
  async function throttle(username: string, remoteIp = '192.0.2.1'): Promise<void> {
    const guesses = Array.from({ length: 10 }, (_, guess) => outcome(username, `guess-${guess}`, remoteIp));
    await clock.advanceAsync(300);
    await Promise.all(guesses);
  }

  return { clock, registry, log, authenticator, causes, outcome, timed, throttle, verified: () => verified };
}

const device = 'thermostat-7@acme';

describe('a login with a token', () => {
  function givenTokens() {
    const all = given();
    const { clock, authenticator } = all;
    /** What becomes of it, and when, in ms. */
    async function present(token: string, authId: string): Promise<readonly [string, number]> {
      const begunAt = clock.monotonic();
      const login = { tenant: 'acme', authId, token, remoteIp: '192.0.2.1' };
      const told: (readonly [string, number])[] = [];
      const result = Promise.resolve(authenticator.authenticate(login)).then(
        (said): readonly [string, number] => {
          const reason = said.status === 'accepted' ? 'accepted' : said.refusal.reason;
          told.push([reason, clock.monotonic() - begunAt]);
          return told[0] ?? ['', 0];
        },
      );
      // Signatures are verified in other threads, however long that takes.
      for (await settled(); told.length === 0; await settled()) await clock.advanceAsync(100);
      return result;
    }
    const claims = tokenClaims(clock.now(), 'acme', 'thermostat-7');
    return { ...all, present, claims };
  }

  test('that fails is answered as a wrong password is, whether the name exists or not', async () => {
    const { present, claims, causes, log } = givenTokens();
    const forged = createDeviceKey().sign(claims);
    const [reason, afterMs] = await present(forged, 'thermostat-7');
    expect([reason, afterMs % 300]).toEqual(['bad-credentials', 0]);
    expect(await present(forged, 'nobody')).toEqual(['bad-credentials', 300]);
    expect(causes).toEqual(['wrong-secret', 'unknown-device']);
    const logged = JSON.stringify(log.lines);
    expect(logged).toContain('thermostat-7@acme');
    for (const part of forged.split('.')) expect(logged).not.toContain(part);
  });

  test('that fails too often is throttled, by the name that passwords are throttled by', async () => {
    const { authenticator, clock, present, claims, throttle, outcome } = givenTokens();
    const login = { tenant: 'acme', authId: 'nobody', remoteIp: '192.0.2.1' };
    const tokens = Array.from({ length: 10 }, (_, jti) => scriptedDeviceKey.sign({ ...claims, jti }));
    const tried = tokens.map(async (token) => authenticator.authenticate({ ...login, token }));
    await clock.advanceAsync(300);
    await Promise.all(tried);
    const password = outcome('nobody@acme', 'guess', '192.0.2.1');
    await clock.advanceAsync(5_000);
    expect(await password).toBe('throttled');
    await throttle('gw-1@acme');
    expect((await present(scriptedDeviceKey.sign(claims), 'gw-1'))[0]).toBe('throttled');
    expect((await present(scriptedDeviceKey.sign(claims), 'thermostat-7'))[0]).toBe('accepted');
  });

  test('that was proved from there gets in where others are throttled', async () => {
    const { present, claims, throttle } = givenTokens();
    const token = scriptedDeviceKey.sign(claims);
    expect((await present(token, 'thermostat-7'))[0]).toBe('accepted');
    await throttle(device);
    expect((await present(token, 'thermostat-7'))[0]).toBe('accepted');
  });
});

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

describe('an address that failed under very many names', () => {
  /** As many failures as an address may have, and as many as make it wait. */
  function givenManyFailures(facts: Parameters<typeof given>[0] = {}) {
    const bed = given(facts);
    for (let name = 0; name < 1_000; name++)
      bed.authenticator.refused('bad-credentials', '192.0.2.1', `nobody-${name}@acme`);
    return bed;
  }

  test('lets in at once a client with the right secret and a name that did not fail', async () => {
    const { outcome, clock } = givenManyFailures();
    const flood = Array.from({ length: 15 }, (_, name) => outcome(`nobody-${name}@acme`, 'g', '192.0.2.1'));
    const begunAt = clock.monotonic();
    expect(await outcome(device, scriptedPassword, '192.0.2.1')).toBe('accepted');
    expect(clock.monotonic()).toBe(begunAt);
    await clock.advanceAsync(5_000);
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['throttled']));
  });

  test.each([device, 'nobody@acme', 'thermostat-7@nowhere'])(
    'has a wrong secret of %s answered as a try that is throttled',
    async (username) => {
      const { timed } = givenManyFailures();
      const [reason, afterMs] = await timed(username, 'guess');
      expect(reason).toBe('throttled');
      expect(afterMs).toBeGreaterThanOrEqual(1_000);
      expect(afterMs).toBeLessThanOrEqual(5_000);
    },
  );

  test('buys no client more guesses at one name', async () => {
    const { outcome, clock, verified } = givenManyFailures();
    const guesses = Array.from({ length: 15 }, (_, guess) => outcome(device, `guess-${guess}`, '192.0.2.1'));
    const right = outcome(device, scriptedPassword, '192.0.2.1');
    await clock.advanceAsync(5_000);
    expect(await right).toBe('throttled');
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(['throttled']));
    expect(verified()).toBe(10);
  });

  test('whose try takes longer to look at than it may wait gets in when it comes again', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const verifier = scriptedPasswords(new ManualClock());
    const { timed } = givenManyFailures({
      passwords: { verify: (...asked) => promise.then(() => verifier.verify(...asked)) },
    });
    expect((await timed(device))[0]).toBe('throttled');
    resolve();
    await settled();
    expect(await timed(device)).toEqual(['accepted', 0]);
  });
});

describe('where comparisons take long', () => {
  /** One at a time, each as long as the registry says. */
  function givenASlowVerifier(slowMs = 120, others = 0) {
    const clock = new ManualClock();
    let free = clock.monotonic();
    const bed = given({
      clock,
      passwords: {
        load: () => ({ slowMs, others }),
        verify: (_credentials, password) =>
          new Promise((resolve) => {
            free = later(free > clock.monotonic() ? free : clock.monotonic(), slowMs);
            const isRight = Buffer.from(password).toString() === scriptedPassword;
            clock.at(free, () => resolve(isRight ? { matched: hashed(scriptedPassword) } : 'invalid'));
          }),
      },
    });
    return { ...bed, clock };
  }

  test.each([1, 3, 10])(
    '%i wrong tries at once are told at the same times, name or no name',
    async (count) => {
      const timesOf = async (username: string): Promise<readonly number[]> => {
        const { outcome, clock } = givenASlowVerifier();
        const begunAt = clock.monotonic();
        const tries = Array.from({ length: count }, async (_, guess) => {
          expect(await outcome(username, `guess-${guess}`, '192.0.2.1')).toBe('bad-credentials');
          return clock.monotonic() - begunAt;
        });
        await clock.advanceAsync(10_000);
        return Promise.all(tries);
      };
      const times = await timesOf('nobody@acme');
      expect(await timesOf(device)).toEqual(times);
      expect(times.at(-1)).toBe(Math.ceil((count * 120) / 300) * 300);
    },
  );

  test('fifty of as many names too', async () => {
    const timesOf = async (nameOf: (index: number) => string): Promise<readonly number[]> => {
      const { outcome, clock, registry } = givenASlowVerifier();
      const known = registry.getCredentials.bind(registry);
      registry.getCredentials = ((query: Parameters<typeof known>[0]) =>
        known({ ...query, authId: query.authId.replace(/^d\d+$/, 'thermostat-7') })) as never;
      const begunAt = clock.monotonic();
      const tries = Array.from({ length: 50 }, async (_, index) => {
        await outcome(nameOf(index), 'guess', '192.0.2.1');
        return clock.monotonic() - begunAt;
      });
      await clock.advanceAsync(10_000);
      return Promise.all(tries);
    };
    expect(await timesOf((index) => `d${index}@acme`)).toEqual(await timesOf((index) => `x${index}@acme`));
  });

  test.each([
    ['on a busy machine', 450, 0],
    ['while many addresses try', 100, 200],
  ])('%s, whoever fails hears of it before a client gives up', async (_when, slowMs, others) => {
    const { outcome, clock } = givenASlowVerifier(slowMs, others);
    const waitedMs: number[] = [];
    const tries: Promise<void>[] = [];
    for (let count = 0; count < 300; count++) {
      const begunAt = clock.monotonic();
      tries.push(
        outcome(`d${count}@acme`, 'guess', '192.0.2.1').then(() => {
          waitedMs.push(clock.monotonic() - begunAt);
        }),
      );
      await clock.advanceAsync(100);
    }
    await clock.advanceAsync(60_000);
    await Promise.all(tries);
    expect(Math.max(...waitedMs)).toBeLessThanOrEqual(20_000);
  });

  test('a flood of invented names does not delay a device that has the right secret', async () => {
    const { outcome, timed, clock } = givenASlowVerifier();
    const flood = Array.from({ length: 15 }, (_, name) => outcome(`x-${name}@acme`, 'g', '192.0.2.1'));
    expect(await timed(device)).toEqual(['accepted', 120]);
    await clock.advanceAsync(10_000);
    await Promise.all(flood);
  });
});

test('handshakes with a key, many at once: no more are given one than may fail in a row', async () => {
  const { authenticator, clock } = given();
  const ask = () => authenticator.findPsk({ identity: device, remoteIp: '192.0.2.1' });
  const results = await Promise.all(Array.from({ length: 100 }, ask));
  const found = results.filter(({ status }) => status === 'found');
  expect(found).toHaveLength(10);
  // One proves it, nine fail.
  const [first] = found;
  if (first?.status !== 'found' || !first.candidates[0]) throw new Error('no key');
  authenticator.proved(first.candidates[0].identity);
  for (let failed = 0; failed < 9; failed++) authenticator.refused('bad-credentials', '192.0.2.1', device);
  expect(await ask(), 'what was proved there is given').toMatchObject({ status: 'found' });
  const valve = () => authenticator.findPsk({ identity: 'valve-1@acme', remoteIp: '192.0.2.1' });
  expect(await valve()).toMatchObject({ status: 'found' });
  clock.advance(1_000_000);
  expect(await ask()).toMatchObject({ status: 'found' });
});

describe('at an address that many share', () => {
  const shared = '198.51.100.1';

  test('a device that a stranger names gets in within 30 s, whatever the stranger does', async () => {
    const { outcome, throttle, clock } = given();
    await throttle(device, shared);
    const login = outcome(device, scriptedPassword, shared);
    let flooding = true;
    const flood = (guess: number): void => {
      if (flooding) void outcome(device, `flood-${guess}`, shared);
      clock.at((clock.monotonic() + 100) as never, () => flooding && flood(guess + 1));
    };
    flood(0);
    await clock.advanceAsync(5_000);
    flooding = false;
    expect(await login).toBe('accepted');
    await clock.advanceAsync(10_000);
  });

  test('where a flood has taken all places, a device that comes again with its secret gets one', async () => {
    const { outcome, throttle, clock } = given();
    await throttle(device, shared);
    const flood = Array.from({ length: 1_000 }, (_, guess) => outcome(device, `flood-${guess}`, shared));
    expect(await outcome(device, scriptedPassword, shared), 'nobody knows it').toBe('throttled');
    flood.push(...Array.from({ length: 1_000 }, (_, guess) => outcome(device, `more-${guess}`, shared)));
    const again = outcome(device, scriptedPassword, shared);
    await clock.advanceAsync(5_000);
    expect(await again).toBe('accepted');
    await clock.advanceAsync(10_000);
    await Promise.all(flood);
  });

  test('a client that repeats one wrong password a thousand times takes one place', async () => {
    const { outcome, throttle, clock } = given();
    await throttle(device, shared);
    const flood = Array.from({ length: 1_000 }, () => outcome(device, 'the same', shared));
    await settled();
    const login = outcome(device, scriptedPassword, shared);
    await clock.advanceAsync(10_000);
    expect(await login).toBe('accepted');
    const reasons = await Promise.all(flood);
    expect(reasons.filter((each) => each === 'throttled')).toHaveLength(999);
  });

  test('failures under thousands of names keep no device out', async () => {
    const { outcome, clock, timed } = given();
    const guesses = Array.from({ length: 3_000 }, (_, name) => outcome(`x${name}@acme`, 'guess', shared));
    await clock.advanceAsync(10_000);
    await Promise.all(guesses);
    expect(await timed(device, scriptedPassword, shared)).toEqual(['accepted', 0]);
  });
});

test('one limit holds for passwords and keys, and for certificates by what they say', async () => {
  const { authenticator, throttle, clock } = given();
  await throttle(device);
  const key = await authenticator.findPsk({ identity: device, remoteIp: '192.0.2.1' });
  expect(key).toMatchObject({ refusal: { reason: 'throttled' } });

  const { der } = scriptedAuthorities.acme.issue({ subject: 'CN=nobody,O=acme' });
  const present = () => authenticator.authenticate({ certificate: der, remoteIp: '192.0.2.1' });
  for (let failures = 0; failures < 10; failures++) {
    const result = present();
    await clock.advanceAsync(300);
    expect(await result).toMatchObject({ refusal: { reason: 'bad-credentials' } });
  }
  const result = present();
  await clock.advanceAsync(5_000);
  expect(await result).toMatchObject({ refusal: { reason: 'throttled' } });
});

test('a flood of wrong passwords under the name of a device that is known does not stand in its way', async () => {
  const held = Promise.withResolvers<void>();
  let flooding = false;
  const clockless = given({
    admission: { maxRunning: 5, maxWaiting: 50, maxWaitMs: 8_000 },
    passwords: {
      async verify(credentials, password) {
        if (flooding && Buffer.from(password).toString() !== scriptedPassword) await held.promise;
        return scriptedPasswords(new ManualClock()).verify(credentials, password);
      },
    },
  });
  const { outcome, clock } = clockless;
  expect(await outcome(device, scriptedPassword, '192.0.2.1')).toBe('accepted');
  flooding = true;
  const flood: Promise<string>[] = [];
  for (let address = 0; address < 100; address++)
    for (let guess = 0; guess < 3; guess++)
      flood.push(outcome(device, `guess-${guess}`, `203.0.113.${address}`));
  await settled();
  const healthy = Array.from({ length: 20 }, () => outcome(device, scriptedPassword, '192.0.2.1'));
  await settled();
  held.resolve();
  await clock.advanceAsync(5_000);
  expect(new Set(await Promise.all(healthy))).toEqual(new Set(['accepted']));
  await Promise.all(flood);
});

test('a client that waits when the adapter stops is answered', async () => {
  const { outcome, throttle, authenticator, clock } = given();
  await throttle(device);
  const late = outcome(device, 'guess', '192.0.2.1');
  await settled();
  authenticator.stop();
  expect(await late).toBe('throttled');
  expect(clock.armed).toBe(0);
});

describe('a device with a session that comes again', () => {
  function givenASession(facts: Parameters<typeof given>[0] = {}) {
    const { authenticator, verified, ...rest } = given({
      isCurrent: () => true,
      rememberedTakeTurns: true,
      ...facts,
    });
    const logIn = async (clientId: string) =>
      authenticator.authenticate({
        username: device,
        password: Buffer.from(scriptedPassword),
        remoteIp: '192.0.2.1',
        clientContext: { 'client-id': clientId },
      });
    return { ...rest, authenticator, verified, logIn };
  }

  test('is not looked up again, unless it says something else of itself', async () => {
    const { logIn, verified } = givenASession();
    const first = await logIn('one');
    expect(await logIn('one')).toBe(first);
    expect(verified()).toBe(1);
    expect(await logIn('other')).toEqual(first);
    expect(verified()).toBe(2);
  });

  test('is looked up again where anything changed', async () => {
    const { logIn, verified } = givenASession({ isCurrent: () => false });
    await logIn('one');
    await logIn('one');
    expect(verified()).toBe(2);
  });

  test('takes its turn in a storm, and is told where none comes in time', async () => {
    const { logIn, authenticator, clock } = givenASession({
      admission: { maxRunning: 200, maxWaiting: 5, maxWaitMs: 8_000 },
    });
    await logIn('one');
    await settled();
    const logins = Array.from({ length: 30 }, () => logIn('one'));
    expect(authenticator.waiting).toBe(5);
    await clock.advanceAsync(10_000);
    const outcomes = await Promise.all(logins);
    expect(outcomes.filter(({ status }) => status === 'accepted')).toHaveLength(25);
    expect(
      outcomes.filter((each) => each.status === 'refused' && each.refusal.reason === 'busy'),
    ).toHaveLength(5);
  });
});
