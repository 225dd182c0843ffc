import { ManualClock } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core';
import { expect, test } from 'vitest';
import { createCutOffLog } from './cut-off-log.ts';

test('of strangers that are cut off by the thousand a line a minute is told', () => {
  const clock = new ManualClock();
  const lines: object[] = [];
  const log = createCutOffLog(clock, { ...silentLog, warn: (facts) => lines.push(facts) });
  for (let second = 0; second < 150; second++) {
    for (let stranger = 0; stranger < 10; stranger++) log.cutOff(`10.0.0.1:${second}`, 'no AMQP');
    clock.advance(1_000);
  }
  expect(lines).toEqual([
    { peer: '10.0.0.1:0', problem: 'no AMQP' },
    { peers: 599, latest: { peer: '10.0.0.1:59', problem: 'no AMQP' } },
    { peers: 600, latest: { peer: '10.0.0.1:119', problem: 'no AMQP' } },
  ]);
  log.stop();
  expect(clock.armed).toBe(0);
});

test('after a quiet minute the next one is told at once', () => {
  const clock = new ManualClock();
  const lines: object[] = [];
  const log = createCutOffLog(clock, { ...silentLog, warn: (facts) => lines.push(facts) });
  log.cutOff('a', 'no AMQP');
  clock.advance(60_000);
  log.cutOff('b', 'no AMQP');
  expect(lines).toHaveLength(2);
});
