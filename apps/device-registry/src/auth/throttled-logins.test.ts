import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { LoginOutcome } from './identity.ts';
import { rightsOf } from './rights.ts';
import { createThrottledLogins } from './throttled-logins.ts';

const accepted: LoginOutcome = { status: 'accepted', identity: { name: 'a', rights: rightsOf([]) } };

function given() {
  const clock = new ManualClock();
  let decided = 0;
  const throttled = createThrottledLogins({
    clock,
    failureAnswerMs: 500,
    logins: {
      async logIn({ password }) {
        decided += 1;
        return Buffer.from(password).toString() === 'right' ? accepted : { status: 'wrong' };
      },
    },
  });
  const begin = (username: string, password: string, remoteIp = '192.0.2.1') => {
    const told: string[] = [];
    void throttled
      .logIn({ authorizationId: '', username, password: Buffer.from(password) }, remoteIp)
      .then(({ status }) => told.push(status));
    return told;
  };
  return { clock, begin, decisions: () => decided };
}

test('a failed login is answered after half a second, whatever the cause, and a successful one at once', async () => {
  const { clock, begin } = given();
  const wrong = begin('a', 'wrong');
  const right = begin('a', 'right');
  await settled();
  expect([wrong, right]).toEqual([[], ['accepted']]);
  await clock.advanceAsync(499);
  expect(wrong).toEqual([]);
  await clock.advanceAsync(1);
  expect(wrong).toEqual(['wrong']);
});

test('connections that a client opens at once are one try, right or wrong', async () => {
  const { clock, begin, decisions } = given();
  for (let tries = 0; tries < 9; tries++) begin('a', 'wrong');
  const right = Array.from({ length: 40 }, () => begin('a', 'right'));
  await settled();
  expect(right).toEqual(right.map(() => ['accepted']));
  await clock.advanceAsync(500);
  expect(decisions()).toBe(2);
});

test('tries at once with other passwords are limited as tries one by one are', async () => {
  const { clock, begin, decisions } = given();
  const told = Array.from({ length: 40 }, (_, index) => begin('a', `wrong ${index}`));
  await clock.advanceAsync(500);
  expect(decisions()).toBe(10);
  expect(told.flat().filter((each) => each === 'wrong')).toHaveLength(10);
});

test('a client with too many failures from an address is not checked for a time', async () => {
  const { clock, begin, decisions } = given();
  for (let tries = 0; tries < 10; tries++) {
    begin('a', 'wrong');
    await clock.advanceAsync(500);
  }
  const before = decisions();
  const told = begin('a', 'right');
  await clock.advanceAsync(500);
  expect(told).toEqual(['unavailable']);
  expect(decisions()).toBe(before);
  // Other names and other addresses are not affected.
  expect(
    await Promise.all(
      [begin('b', 'right'), begin('a', 'right', '198.51.100.1')].map(async (each) => {
        await settled();
        return each;
      }),
    ),
  ).toEqual([['accepted'], ['accepted']]);
  await clock.advanceAsync(60_000);
  const later = begin('a', 'right');
  await settled();
  expect(later).toEqual(['accepted']);
});
