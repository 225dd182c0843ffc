import { ManualClock } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { createEventQueue } from './event-queue.ts';

test('a full queue logs at once that it drops messages, then once a minute while it drops more', () => {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const queue = createEventQueue({
    name: 'event/acme',
    maxMessages: 5,
    clock,
    log: { ...silentLog, warn: (_facts, message) => void warnings.push(message) },
  });
  const publish = (count: number): void => {
    for (let i = 0; i < count; i++) queue.publish(Buffer.from('x'), undefined, () => {});
  };
  publish(5);
  expect(warnings).toEqual([]);
  publish(10_000);
  expect(warnings).toEqual([expect.stringContaining(' 1 of its oldest')]);
  clock.advance(59_999);
  publish(10_000);
  expect(warnings).toHaveLength(1);
  clock.advance(1);
  publish(10_000);
  expect(warnings.slice(1)).toEqual([expect.stringContaining(' 20001 of its oldest')]);
});
