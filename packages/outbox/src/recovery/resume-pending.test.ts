import { deviceRef, type Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { recordingLog } from '@rollcall/conformance';
import type { PendingEvent } from '../journal/journal.ts';
import { resumePending } from './resume-pending.ts';

test('events for a sink that is not configured stay in the journal, and are counted and logged', async () => {
  const event = (place: number, ...sinks: string[]): PendingEvent => ({
    place,
    sinks,
    device: deviceRef('acme', 'd1'),
    at: 0 as Timestamp,
    bytes: 1,
  });
  const log = recordingLog();
  const resumed: string[] = [];
  const unread = await resumePending(
    {
      async *pending() {
        yield [event(1, 'events', 'webhook'), event(2, 'webhook')];
        yield [event(3, 'events')];
      },
    },
    {
      resume(sink, { place }) {
        if (sink !== 'events') return false;
        resumed.push(`${sink} ${place}`);
        return true;
      },
    },
    log,
  );
  expect(unread).toEqual({ webhook: 2 });
  expect(resumed).toEqual(['events 1', 'events 3']);
  expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual([
    ['info', { events: 4 }],
    ['warn', { sink: 'webhook', events: 2 }],
  ]);
});
