import { settled } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { describe, expect, test } from 'vitest';
import { device, given } from '../testing/given-authenticator.ts';

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
