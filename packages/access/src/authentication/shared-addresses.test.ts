import { ManualClock, settled } from '@rollcall/conformance';
import {
  hashed,
  scriptedAuthorities,
  scriptedPassword,
  scriptedPasswords,
} from '@rollcall/conformance/registry';
import { later } from '@rollcall/core/environment';
import { describe, expect, test } from 'vitest';
import { device, given } from '../testing/given-authenticator.ts';

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
