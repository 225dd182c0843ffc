import { ManualClock } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { createFollowedFiles } from '@rollcall/file-follower';
import { onTestFinished } from 'vitest';
import { type HealthTexts, createTurns } from '@rollcall/http-service';
import { everything } from '@rollcall/http-service/grants';
import type { TokenCheck } from '@rollcall/http-service/tokens';
import { busy } from '../http/problem.ts';
import { loadPresenceConfig } from '../config.ts';
import type { ApiContext } from '../http/api-context.ts';
import { asOf } from '../http/as-of.ts';
import { deviceJson } from '../http/device-json.ts';
import { openApiPort } from '../http/open-api-port.ts';
import { ChangeFeed } from '../watching/change-feed.ts';
import { Watchers } from '../watching/watchers.ts';
import { MemoryStore } from './memory-store.ts';

export interface ApiUnderTest {
  readonly url: string;
  readonly port: number;
  readonly store: MemoryStore;
  readonly clock: ManualClock;
  readonly watchers: Watchers;
  /** Errors that no client caused. */
  readonly failures: unknown[];
  /** Network connections that were closed for others: the reason and the address of each. */
  readonly turnedAway: string[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** The API on a port of its own, over a store in memory. */
export async function startApi(
  given: Partial<ApiContext> & {
    readonly tokens?: TokenCheck;
    readonly maxWatchers?: number;
    readonly metrics?: HealthTexts['metrics'];
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<ApiUnderTest> {
  const clock = new ManualClock('2026-11-28T12:00:00.000Z');
  const store = new MemoryStore(clock);
  const config = loadPresenceConfig({
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_PRESENCE_OPEN: 'true',
    ROLLCALL_PRESENCE_PORT: '0',
    ...given.environment,
  });
  const failures: unknown[] = [];
  const turnedAway: string[] = [];
  const feed = new ChangeFeed(store, deviceJson);
  const watchers = new Watchers(given.maxWatchers ?? 10);
  const files = createFollowedFiles({ clock, log: silentLog });
  const listening = await openApiPort(
    config.values,
    {
      ...{ clock, store, feed, watchers },
      tokens: { check: async () => ({ status: 'granted', grant: everything }) },
      turns: createTurns(8, 100, busy),
      retention: config.retention,
      flapsPerHour: 10,
      announceIntervalMs: 3_600_000,
      heartbeatMs: 15_000,
      open: false,
      allowedOrigin: undefined,
      asOf: () =>
        asOf({
          now: clock.now(),
          readThrough: (clock.now() - 12) as Timestamp,
          followedSince: (clock.now() - 7_200_000) as Timestamp,
          announceIntervalMs: 3_600_000,
        }),
      failed: (where, error) => void failures.push([where, error]),
      ...given,
    },
    {
      started: () => [{ name: 'presence-service', status: 'UP' }],
      readiness: () => [{ name: 'stream-lag', status: 'DEGRADED', reason: 'answers are 9 s old' }],
      metrics:
        given.metrics ??
        (async () => ({ contentType: 'text/plain', text: 'rollcall_presence_lag_seconds 9\n' })),
    },
    {
      ...{ clock, log: silentLog, files },
      turnedAway: (cause, remoteIp) => void turnedAway.push(`${cause} ${remoteIp}`),
    },
  );
  onTestFinished(async () => {
    feed.close();
    files.stop();
    watchers.endAll();
    await listening.close();
  });
  const url = `http://127.0.0.1:${listening.port}`;
  return {
    ...{ url, port: listening.port, store, clock, watchers, failures, turnedAway },
    get: (path, headers = {}) => fetch(`${url}${path}`, { headers }),
  };
}
