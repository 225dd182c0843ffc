import { ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { keyNames } from '../wire/key-names.ts';
import type { Reply } from './asker.ts';
import { Rights } from './rights.ts';

function given() {
  const clock = new ManualClock();
  const log = recordingLog();
  let refused: readonly string[] | undefined = [];
  let checks = 0;
  let permitted = 0;
  const asker = {
    ask(): Promise<Reply> {
      checks += 1;
      return Promise.resolve(refused ? { status: 'answer', value: refused } : { status: 'none' });
    },
  };
  const rights = new Rights({
    asker,
    keys: keyNames('test:'),
    context: { clock, log },
    permitted: () => (permitted += 1),
  });
  return {
    rights,
    clock,
    refuses: (commands: readonly string[] | undefined) => (refused = commands),
    checks: () => checks,
    permitted: () => permitted,
    told: () => log.lines.map(({ facts }) => Object.values(facts)[0] ?? 'nothing'),
  };
}

test('what is refused is checked until it is permitted, told once, and then what was missed is made good', async () => {
  const { rights, refuses, checks, permitted, told } = given();
  rights.subscribed();
  refuses(['hdel', 'publish']);
  for (let sign = 0; sign < 3; sign++) await rights.look();
  expect(rights.isRestricted).toBe(true);
  expect(told()).toEqual(['hdel, publish']);
  refuses([]);
  await rights.look();
  expect(rights.isRestricted).toBe(false);
  expect(told()).toEqual(['hdel, publish', 'nothing']);
  expect(permitted()).toBe(1);
  await rights.look();
  expect(checks()).toBe(4);
  rights.doubt();
  refuses(undefined);
  await rights.look();
  refuses(['hscan']);
  await rights.look();
  expect(rights.isRestricted, 'it is asked until it answers').toBe(true);
});

test('an engine that was away for long refuses nothing because its messages do not arrive at once', async () => {
  const { rights, clock, told } = given();
  rights.subscribed();
  rights.unsubscribed();
  clock.advance(60_000);
  rights.answersAgain();
  await rights.look();
  expect([rights.hears, rights.isRestricted, told()]).toEqual([false, false, []]);
  clock.advance(5_001);
  expect(rights.isRestricted).toBe(true);
});

test('an engine whose messages do not arrive restricts, at once where it refuses them, else after five seconds', async () => {
  const { rights, clock, told } = given();
  expect(rights.hears).toBe(false);
  rights.subscribed();
  expect(rights.hears).toBe(true);
  rights.unsubscribed();
  clock.advance(5_000);
  expect([rights.hears, rights.isRestricted]).toEqual([false, false]);
  clock.advance(1);
  expect(rights.isRestricted).toBe(true);
  await rights.look();
  rights.subscribed();
  expect([rights.hears, rights.isRestricted]).toEqual([true, false]);
  await rights.look();
  rights.unsubscribed('NOPERM');
  expect(rights.isRestricted).toBe(true);
  rights.unsubscribed();
  expect(rights.isRestricted, 'the next connection is not yet there').toBe(true);
  expect(told()).toEqual(['subscribe', 'nothing']);
});
