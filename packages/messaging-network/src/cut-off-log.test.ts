import { ManualClock } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { createCutOffLog } from './cut-off-log.ts';

test('the first peer that is cut off is logged at once, thousands after it in one line a minute', () => {
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

test('a peer that is cut off after a quiet minute is logged at once', () => {
  const clock = new ManualClock();
  const lines: object[] = [];
  const log = createCutOffLog(clock, { ...silentLog, warn: (facts) => lines.push(facts) });
  log.cutOff('a', 'no AMQP');
  clock.advance(60_000);
  log.cutOff('b', 'no AMQP');
  expect(lines).toHaveLength(2);
});
