import { ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { TurnedAwayCause } from '../turned-away-cause.ts';
import { createTurnedAway } from './turned-away.ts';

function given() {
  const clock = new ManualClock();
  const log = recordingLog();
  const told: Partial<Record<TurnedAwayCause, number>> = {};
  const turnedAway = createTurnedAway(clock, log, {
    turnedAway: (cause) => (told[cause] = (told[cause] ?? 0) + 1),
  });
  return { clock, turnedAway, lines: log.lines, told };
}

test('a minute has one line, which says what was turned away and from where most', () => {
  const { clock, turnedAway, lines, told } = given();
  for (let i = 0; i < 1_000; i++) turnedAway.count('pending', '192.0.2.1');
  for (let i = 0; i < 3; i++) turnedAway.count('handshake', `2001:db8::${i}`);
  clock.advance(59_999);
  expect(lines).toEqual([]);
  clock.advance(1);
  expect(lines).toMatchObject([
    {
      level: 'warn',
      facts: {
        turnedAway: { pending: 1_000, handshake: 3 },
        from: { '192.0.2.1': 1_000, '2001:db8::/64': 3 },
      },
    },
  ]);
  expect(told).toEqual({ pending: 1_000, handshake: 3 });
});

test('a flood from a million addresses makes a line as long as any, and a quiet minute none', () => {
  const { clock, turnedAway, lines } = given();
  for (let i = 0; i < 20_000; i++) turnedAway.count('pending', `10.${i >> 8}.${i & 255}.1`);
  clock.advance(60_000);
  expect(Object.keys((lines[0] as { facts: { from: object } }).facts.from)).toHaveLength(5);
  clock.advance(600_000);
  expect(lines).toHaveLength(1);
  expect(clock.armed).toBe(0);
});

test('what was not told yet is told at the end', () => {
  const { clock, turnedAway, lines } = given();
  turnedAway.count('idle', '192.0.2.1');
  turnedAway.stop();
  turnedAway.stop();
  expect(lines).toHaveLength(1);
  expect(clock.armed).toBe(0);
});
