import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { Told } from './calls.ts';
import { Deaths } from './deaths.ts';
import { FleetState } from './fleet-state.ts';
import type { Silent } from './member.ts';

const deadAfterMs = 10_000;

function watching() {
  const clock = new ManualClock();
  const member: Silent = {
    identity: { type: 'hono-mqtt', id: 'mqtt-0', instance: 'a' },
    deadAfterMs,
    sign: {} as Silent['sign'],
    aliveAt: clock.now(),
    heardAt: clock.monotonic(),
  };
  const told: (Told | string)[] = [];
  const deaths = new Deaths(new FleetState(clock, () => {}), {
    clock,
    silent: () => [member],
    lives: () => true,
    declare: () => told.push('declared'),
  });
  deaths.undertaker(deadAfterMs, (each) => told.push(each));
  const hear = (): void => {
    member.heardAt = clock.monotonic();
  };
  return { clock, told, hear, suspected: { what: 'suspect', instance: 'a' } };
}

test('who gives no sign of life for so long is suspected', () => {
  const { clock, told, suspected } = watching();
  clock.advance(deadAfterMs - 1);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual([suspected]);
});

test.each([1, 2, 3, 4])(
  'a parent that is stopped at any statement of a look suspects no one: before reading %i of the clock',
  (reading) => {
    const { clock, told, hear, suspected } = watching();
    clock.advance(450);
    hear();
    clock.stallBeforeReading(reading, 60_000);
    clock.advance(60);
    // The next look comes before the messages that wait are read.
    clock.advance(500);
    expect(told).toEqual([]);
    clock.advance(deadAfterMs + 500);
    expect(told).toContainEqual(suspected);
  },
);
