import { ManualClock } from '@rollcall/conformance';
import type rhea from 'rhea';
import { expect, test } from 'vitest';
import { patientClock } from '@rollcall/containment';
import { hearBeforeSilence } from './hear-before-silence.ts';

function givenAConnection() {
  const clock = new ManualClock();
  let givenUp = 0;
  const raw = { heartbeat_in: 'first timer', idle: () => void (givenUp += 1) };
  hearBeforeSilence(raw as unknown as rhea.Connection, patientClock(clock));
  return { clock, raw, givenUp: () => givenUp };
}

test('a peer that says nothing for another second is given up', () => {
  const { clock, raw, givenUp } = givenAConnection();
  raw.idle();
  clock.advance(999);
  expect(givenUp()).toBe(0);
  clock.advance(1);
  expect(givenUp()).toBe(1);
});

test('a peer whose bytes were read meanwhile is kept', () => {
  const { clock, raw, givenUp } = givenAConnection();
  raw.idle();
  raw.heartbeat_in = 'timer of what was read';
  clock.advance(60_000);
  expect(givenUp()).toBe(0);
});
