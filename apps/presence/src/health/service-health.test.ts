import { ManualClock } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { createFollowedFiles } from '@rollcall/file-follower';
import { expect, test } from 'vitest';
import { EventBatches } from '../following/event-batches.ts';
import type { FoldedEvent } from '../following/follow-stream.ts';
import { StreamProgress } from '../following/stream-progress.ts';
import { createTurns, DatabaseWatch } from '@rollcall/http-service';
import { busy } from '../http/problem.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { Freshness } from '../freshness.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { Watchers } from '../watching/watchers.ts';
import { serviceHealth } from './service-health.ts';
import { serviceMetrics } from './service-metrics.ts';

const hourMs = 3_600_000;

test('a service is ready after its first start while its database answers, and states until when unknown devices may be connected', async () => {
  const clock = new ManualClock('2026-11-28T12:00:00.000Z');
  let readThrough = clock.now();
  const store = new MemoryStore(clock);
  const freshness = new Freshness({
    ...{ clock, store, replica: 'one', announceIntervalMs: hourMs },
    progress: {
      get readThrough(): Timestamp {
        return readThrough;
      },
    },
    failed: (_where, error) => expect.fail(String(error)),
  });
  // The double followed for two hours already.
  const since = clock.now() as number;
  store.progress = async () => ({ replicas: [], sinceMs: since });
  await freshness.begin();
  const state = {
    freshness,
    phase: () => 'running' as const,
    progress: new StreamProgress({ clock, credit: 1 }),
    batches: new EventBatches<FoldedEvent>({
      ...{ clock, log: silentLog, maxEvents: 1 },
      apply: async () => {},
      committed() {},
    }),
    database: new DatabaseWatch({ clock, ask: () => store.progress() }),
    watchers: new Watchers(1),
    turns: createTurns(1, 1, busy),
    files: createFollowedFiles({ clock, log: silentLog }),
    received: () => 0,
    turnedAway: () => 0,
  };
  const coverage = async () => {
    const checks = await serviceHealth(state).readiness();
    return checks.find(({ name }) => name === 'coverage');
  };
  const complete = async () =>
    /^rollcall_presence_complete\S* (\d)$/m.exec((await serviceMetrics(state)()).text)?.[1];
  expect(await coverage()).toEqual({
    name: 'coverage',
    status: 'UP',
    reason: 'a device that is unknown may be connected, until the stream is read to 2026-11-28T13:00:00.000Z',
  });
  expect(await complete()).toBe('0');
  clock.stepWall(hourMs);
  readThrough = (readThrough + hourMs) as Timestamp;
  expect(await coverage()).toEqual({ name: 'coverage', status: 'UP' });
  expect(await complete()).toBe('1');
  store.progress = () => Promise.reject(new StoreUnavailable('away'));
  const ready = async () =>
    (await serviceHealth(state).readiness()).find(({ name }) => name === 'database')?.status;
  expect(await ready()).toBe('DOWN');
  store.progress = async () => ({ replicas: [], sinceMs: since });
  expect(await ready()).toBe('UP');
  state.database.stop();
  await freshness.stop();
});
