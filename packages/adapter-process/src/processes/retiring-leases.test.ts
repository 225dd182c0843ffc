import { ManualClock } from '@rollcall/conformance';
import type { ProtocolAdapter } from '@rollcall/adapter-kit';
import { expect, test } from 'vitest';
import { fileJournals } from '../testing/file-journals.ts';
import { startForTest, type AdapterInTest } from '../testing/start-for-test.ts';
import { startLeases } from '../testing/start-leases.ts';
import { watchForIdle, withoutListeners } from './child.ts';

// A process of a former number of an adapter whose devices hold leases.

const minute = 60_000;

const leaseAdapter: ProtocolAdapter = {
  type: 'hono-http',
  presence: 'lease',
  start: () => Promise.reject(new Error('a retiring process serves no device')),
};

interface Retiring extends AdapterInTest {
  isIdle(): boolean;
}

/** A process was killed that had one lease; its journal is taken up. */
async function retire(clock: ManualClock, endLeasesAtShutdown: boolean): Promise<[string, Retiring]> {
  const open = fileJournals(clock);
  const killed = await startLeases({ clock, journal: open() });
  await (await killed.request()).committed();
  await clock.advanceAsync(1_000);
  const [connected] = await killed.events(1);
  const idle = watchForIdle();
  const retired = withoutListeners(leaseAdapter, endLeasesAtShutdown);
  const retiring = await startForTest(
    {
      ...retired,
      async start(host) {
        const running = await retired.start(host);
        expect(running.listening).toEqual([]);
        return { ...running, listening: [{ scheme: 'none', host: '', port: 0 }] };
      },
    },
    { clock, journal: open(), seed: 2, observers: [idle.observer] },
  );
  await clock.advanceAsync(1_000);
  return [connected?.connectionId ?? '', { ...retiring, isIdle: idle.isIdle }];
}

test('it holds a lease of before until that is over, and tells that end once', async () => {
  const clock = new ManualClock();
  const [connectionId, { isIdle, sink, running }] = await retire(clock, false);
  await clock.advanceAsync(minute - 3_000);
  expect([isIdle(), sink.events.filter(({ type }) => type === 'disconnected')]).toEqual([false, []]);
  await clock.advanceAsync(5_000);
  expect(sink.events.filter(({ type }) => type === 'disconnected')).toMatchObject([
    { connectionId, reason: 'inactive' },
  ]);
  expect(isIdle()).toBe(true);
  await running.stop({ graceMs: 0 });
  expect(sink.events.filter(({ type }) => type === 'disconnected')).toHaveLength(1);
});

test.each([
  { configured: true, ends: ['adapter-shutdown'] },
  { configured: false, ends: [] },
])('stopped before, it ends leases where that is configured: $configured', async ({ configured, ends }) => {
  const clock = new ManualClock();
  const [, { sink, running }] = await retire(clock, configured);
  const stopped = running.stop({ graceMs: 1_000 });
  await clock.advanceAsync(2_000);
  await stopped;
  expect(sink.events.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : []))).toEqual(ends);
});
