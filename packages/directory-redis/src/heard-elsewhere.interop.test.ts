import { setTimeout as delay } from 'node:timers/promises';
import { recordingLog } from '@rollcall/conformance';
import { deadAfterMsUnderTest, joinFleet } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import type { ConnectionId } from '@rollcall/core';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import type { LeaseEntry } from '@rollcall/core/directory';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fleetOnRedis, loopback } from './testing/fleet-on-redis.ts';
import { startRedis } from './testing/redis-servers.ts';

const patience = { timeout: 240_000, interval: 50 };

test.skipIf(!hasDebianPackage('redis-server'))(
  'a lease of a dead instance whose device is heard by another one is not reported as lost, however old its record: it moves there',
  async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const fleet = fleetOnRedis(loopback(server.port));
    const [a, b] = [await joinFleet(fleet), await joinFleet(fleet)];
    const told: ConnectionId[] = [];
    const undertaker = await fleet.createUndertaker({
      clock: systemClock,
      random: systemRandom,
      log: recordingLog(),
      deadAfterMs: deadAfterMsUnderTest,
      tell(_dead, owed) {
        const ids = owed
          .filter(({ lease }) => (lease?.state.leftMs ?? 0) <= 0)
          .map(({ event }) => event.connectionId);
        told.push(...ids);
        return Promise.resolve(ids);
      },
    });
    onTestFinished(async () => {
      await undertaker.stop();
      for (const { directory } of [a, b]) await directory.close();
    });
    // By its record, and by its holder's last sign of life, it runs out before that one is declared dead.
    const basis = { kind: 'lease', intervalMs: 20_000, from: 'declared', detectWithinMs: 500 } as const;
    const lease = (name: string, of: typeof a): LeaseEntry => {
      const { event, slot = '' } = of.entry(name, 'sensor');
      return { event: { ...event, basis }, slot, state: { basis, silentMs: 0, leftMs: 500 } };
    };
    const [heard, silent] = [lease('heard', a), lease('silent', a)];
    for (const each of [heard, silent]) await a.directory.leases.enter(each);
    const standing = await b.directory.leases.enter(lease('heard', b));
    if (standing.status !== 'elsewhere') throw new Error(standing.status);
    fleet.freeze(a.instance);
    await b.directory.leases.report(standing.lease, { kind: 'request', ageMs: 0 });
    await vi.waitFor(() => expect(told).toEqual([silent.event.connectionId]), patience);
    await delay(3_000);
    expect(told, 'the other one is not told').toEqual([silent.event.connectionId]);
    expect(await b.directory.leases.enter(lease('heard', b))).toMatchObject({
      status: 'moved-here',
      lease: { event: { connectionId: heard.event.connectionId } },
    });
  },
);
