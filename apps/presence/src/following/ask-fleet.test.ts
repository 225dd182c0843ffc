import { ManualClock, recordingLog } from '@rollcall/conformance';
import type { AskedForAnnouncements } from '@rollcall/core/directory';
import { expect, onTestFinished, test } from 'vitest';
import { askFleet } from './ask-fleet.ts';

const hourMs = 3_600_000;

/** A database that was made a minute ago, and what the fleet answers. */
function given(answers: (AskedForAnnouncements | Error)[], { ageMs = 60_000, isAttached = true } = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const since = clock.now() - ageMs;
  const asked: (readonly [afterMs: number, name: string])[] = [];
  const begun = clock.now();
  const attached = { is: isAttached };
  const end = askFleet({
    clock,
    log,
    ask(name) {
      asked.push([clock.now() - begun, name]);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return answer instanceof Error || answer === undefined
        ? Promise.reject(answer)
        : Promise.resolve(answer);
    },
    missing: () => (clock.now() < since + hourMs ? `presence-${since}` : undefined),
    isAttached: () => attached.is,
  });
  onTestFinished(end);
  return { clock, log, asked, name: `presence-${since}`, attached, end };
}

test('the fleet is asked once if the database begins empty', async () => {
  const { clock, asked, name } = given([{ status: 'asked' }]);
  await clock.advanceAsync(2 * hourMs);
  expect(asked).toEqual([[1_000, name]]);
  expect(clock.armed).toBe(0);
});

test('the fleet is not asked before events can arrive: earlier announcements would be lost', async () => {
  const { clock, asked, attached } = given([{ status: 'asked' }], { isAttached: false });
  await clock.advanceAsync(10_000);
  expect(asked).toEqual([]);
  attached.is = true;
  await clock.advanceAsync(10_000);
  expect(asked).toHaveLength(1);
});

test('the fleet is not asked if the database is complete', async () => {
  const { clock, asked } = given([{ status: 'asked' }], { ageMs: hourMs });
  await clock.advanceAsync(10_000);
  expect([asked, clock.armed]).toEqual([[], 0]);
});

test('the service waits if another caller has asked lately, and asks again and logs that if there is no answer', async () => {
  const { clock, asked, log } = given([
    { status: 'too-soon', leftMs: 250_000 },
    new Error('the connection directory did not answer: ECONNREFUSED'),
    { status: 'asked' },
  ]);
  await clock.advanceAsync(hourMs);
  expect(asked.map(([afterMs]) => afterMs)).toEqual([1_000, 251_000, 281_000]);
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
    ['warn', 'the adapters of the fleet could not be asked to announce what is open: it is tried again'],
    ['info', 'the adapters of the fleet were asked to announce what is open'],
  ]);
});

test('the service stops asking once all adapters have announced by themselves', async () => {
  const { clock, asked } = given([new Error('away')], { ageMs: hourMs - 40_000 });
  await clock.advanceAsync(hourMs);
  expect(asked.map(([afterMs]) => afterMs)).toEqual([1_000, 31_000]);
  expect(clock.armed).toBe(0);
});

test('a service that stops does not ask', async () => {
  const { clock, asked, end } = given([new Error('away')]);
  end();
  await clock.advanceAsync(hourMs);
  expect(asked).toEqual([]);
});
