import { ManualClock, seededRandom } from '@rollcall/conformance';
import { hasDebianPackage, startPostgres, type Postgres } from '@rollcall/conformance/machine';
import { deviceRef, type ConnectionId, type Epoch, type Timestamp } from '@rollcall/core';
import { silentLog, systemClock, type Clock } from '@rollcall/core/environment';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { describeAnyNumber } from '../../testing/describe-any-number.ts';
import { describeLongText } from '../../testing/describe-long-text.ts';
import { describeSameTable } from '../../testing/describe-same-table.ts';
import { describeStore } from '../../testing/describe-store.ts';
import { connected, connectionId, disconnected } from '../../testing/received.ts';
import type { StoredDevice } from '../presence-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { PostgresStore } from './postgres-store.ts';

const announceIntervalMs = 3_600_000;
const patience = { timeout: 30_000 };

describe.runIf(hasDebianPackage('postgresql'))('a database server', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.cleanUp());

  // Each seed costs a database.
  describeStore('PostgreSQL', 10, async () => {
    const url = postgres.newDatabase();
    return {
      open: (clock, maxChanges) =>
        PostgresStore.open({
          ...{ url, clock, announceIntervalMs, log: silentLog },
          ...(maxChanges !== undefined && { maxChanges }),
        }),
    };
  });

  const openNew = (clock: Clock): Promise<PostgresStore> =>
    PostgresStore.open({ url: postgres.newDatabase(), clock, announceIntervalMs, log: silentLog });
  describeLongText('PostgreSQL', openNew);
  describeAnyNumber('PostgreSQL', openNew);

  describeSameTable('PostgreSQL', 5, async () => {
    const url = postgres.newDatabase();
    return {
      replicas: 2,
      open: (clock) => PostgresStore.open({ url, clock, announceIntervalMs, log: silentLog }),
      kill: (replica) => replica.close(),
    };
  });

  async function replicas(count: number): Promise<readonly PostgresStore[]> {
    const url = postgres.newDatabase();
    const open = (): Promise<PostgresStore> =>
      PostgresStore.open({ url, clock: systemClock, announceIntervalMs, log: silentLog });
    // At the same time: one of them makes the tables.
    const stores = await Promise.all(Array.from({ length: count }, open));
    onTestFinished(async () => {
      for (const store of stores) await store.close();
    });
    return stores;
  }

  /** Connections of a few devices, some of which are over. */
  function stream(seed: number): readonly ReceivedEvent[] {
    const { pick } = seededRandom(seed);
    const begin = Date.parse('2026-11-28T08:00:00Z');
    return Array.from({ length: 200 }, (_, number) => {
      const atMs = begin + number * 10_000;
      const one = connected({
        device: deviceRef('acme', `d-${pick(6)}`),
        connectionId: `c-${number}` as ConnectionId,
        at: atMs as Timestamp,
        epoch: `${atMs.toString(16).padStart(12, '0')}0000` as Epoch,
        ...(pick(2) === 0 && { slot: `s-${pick(2)}` }),
      });
      return pick(4) === 0 ? [one] : [one, disconnected(one), disconnected(one, { reason: 'adapter-lost' })];
    }).flat();
  }

  const facts = ({ presence, lastEnding }: StoredDevice): unknown => [
    presence.device.device,
    presence.status,
    presence.status === 'offline' ? [] : presence.connections.map(({ connectionId: id }) => id),
    lastEnding?.id,
  ];

  test.each([1, 2, 3])(
    'replicas that each get a part of the stream, and some parts twice, have the table of a single reader (seed %i)',
    async (seed) => {
      const { pick } = seededRandom(seed + 100);
      const events = stream(seed);
      const [alone] = await replicas(1);
      await alone?.apply(events);
      const stores = await replicas(2);
      const shares = stores.map((_, share) =>
        events.filter((_event, index) => index % 2 === share || pick(5) === 0),
      );
      await Promise.all(
        stores.map(async (store, share) => {
          const left = [...(shares[share] ?? [])];
          while (left.length > 0) await store.apply(left.splice(pick(left.length), 1 + pick(6)));
        }),
      );
      const all = async (store: PostgresStore | undefined): Promise<unknown> =>
        (await store?.list('acme', { limit: 100 }))?.devices.map(facts);
      const expected = await all(alone);
      for (const store of stores) expect(await all(store)).toEqual(expected);
    },
  );

  test('a reader at one replica gets each change of another once, in the order of the numbers', async () => {
    const [one, other] = await replicas(2);
    if (!one || !other) throw new Error('there are two');
    let position = await one.position();
    const seen: string[] = [];
    const over = new AbortController();
    const reading = (async () => {
      while (!over.signal.aborted || seen.length < 200) {
        const read = await one.changes('acme', position, 7);
        if (read === 'gone') throw new Error('gone');
        seen.push(...read.changes.map(({ device }) => device.presence.device.device));
        ({ position } = read);
      }
    })();
    const write = async (store: PostgresStore, name: string): Promise<void> => {
      for (let number = 0; number < 100; number += 1)
        await store.apply([
          connected({
            device: deviceRef('acme', `${name}-${number}`),
            connectionId: `${name}-${number}` as ConnectionId,
          }),
        ]);
    };
    await Promise.all([write(one, 'a'), write(other, 'b')]);
    over.abort();
    await reading;
    expect(new Set(seen).size).toBe(200);
    expect(seen).toHaveLength(200);
    expect(seen.filter((name) => name.startsWith('a'))).toEqual(
      Array.from({ length: 100 }, (_, n) => `a-${n}`),
    );
  });

  test('each replica is woken by changes of the other', async () => {
    const [one, other] = await replicas(2);
    let wakes = 0;
    one?.onWake(() => (wakes += 1));
    await other?.apply([connected()]);
    await expect.poll(() => wakes, patience).toBeGreaterThan(0);
    const before = wakes;
    // What changes nothing wakes nobody.
    await other?.apply([connected()]);
    await other?.apply([
      connected({ device: deviceRef('acme', 'last'), connectionId: 'last' as ConnectionId }),
    ]);
    await expect.poll(() => wakes, patience).toBe(before + 1);
  });

  test('adapters become silent while one of the replicas receives events, and not while none does', async () => {
    const clock = new ManualClock('2026-11-28T12:00:00Z');
    const url = postgres.newDatabase();
    const open = async (): Promise<PostgresStore> => {
      const store = await PostgresStore.open({ url, clock, announceIntervalMs, log: silentLog });
      onTestFinished(() => store.close());
      return store;
    };
    const [one, other] = [await open(), await open()];
    const begin = connected();
    await one.apply([{ ...begin, announcement: true, announceIntervalMs: 10_000 }]);
    const afterSweeps = async () => {
      for (const each of [one, other]) await each.sweep();
      return (await one.get([begin.device]))[0]?.presence.status;
    };
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1_000);
        for (const [replica, each] of Object.entries({ one, other }))
          await each.noteProgress({ replica, readThroughMs: clock.now() });
      }
    };
    for (const each of [one, other]) each.listening(false);
    await pass(60);
    expect(await afterSweeps()).toBe('online');
    other.listening(true);
    await pass(30);
    expect(await afterSweeps()).toBe('online');
    await pass(1);
    // The one that receives nothing finds it as well.
    await one.sweep();
    expect((await other.get([begin.device]))[0]?.presence.status).toBe('unknown');
  });

  test('replicas know how far the others have read, until they stop', async () => {
    const [one, other] = await replicas(2);
    await one?.noteProgress({ replica: 'one', readThroughMs: 1_000 });
    await other?.noteProgress({ replica: 'other', readThroughMs: 2_000 });
    const names = async (): Promise<readonly string[]> =>
      ((await other?.progress())?.replicas ?? []).map(({ replica }) => replica).toSorted();
    expect(await names()).toEqual(['one', 'other']);
    await one?.forgetReplica('one');
    expect(await names()).toEqual(['other']);
  });

  test('replicas wait for a stopped replica until the network gives its events to others, and not for one that is gone', async () => {
    const url = postgres.newDatabase();
    const clock = new ManualClock('2026-11-28T12:00:00.000Z');
    const [still, gone, other] = await Promise.all(
      ['still', 'gone', 'other'].map(() =>
        PostgresStore.open({
          url,
          clock: { ...systemClock, now: () => clock.now() },
          announceIntervalMs,
          log: silentLog,
        }),
      ),
    );
    onTestFinished(() => Promise.all([still?.close(), gone?.close(), other?.close()]).then(() => {}));
    await still?.noteProgress({ replica: 'still', readThroughMs: 1_000 });
    await gone?.noteProgress({ replica: 'gone', readThroughMs: 2_000 });
    await gone?.close();
    const names = async (): Promise<readonly string[]> =>
      ((await other?.progress())?.replicas ?? []).map(({ replica }) => replica).toSorted();
    expect(await names()).toEqual(['gone', 'still']);
    clock.advance(16_000);
    await expect.poll(names, patience).toEqual(['still']);
    clock.advance(120_000);
    expect(await names()).toEqual(['still']);
    clock.advance(60_000);
    expect(await names()).toEqual([]);
  });

  test('old connections behind many that are kept are dropped in portions, of another tenant too', async () => {
    const clock = { ...systemClock, now: () => (Date.now() + 400 * 86_400_000) as Timestamp };
    const store = await openNew(clock);
    onTestFinished(() => store.close());
    // The only ending of each device: it is kept.
    for (let start = 0; start < 4_500; start += 500)
      await store.apply(
        Array.from({ length: 500 }, (_, number) =>
          disconnected(
            connected({
              device: deviceRef('acme', `d-${start + number}`),
              connectionId: connectionId(start + number),
            }),
          ),
        ),
      );
    const twice = [connectionId(1), connectionId(2)].map((id) =>
      connected({ device: deviceRef('other', 'twice'), connectionId: id }),
    );
    await store.apply(
      twice.map((begin, number) => disconnected(begin, { at: (begin.at + 1_000 + number) as Timestamp })),
    );
    const kept = { defaultMs: 1_000, tenantMs: new Map() };
    expect([await store.dropOld(kept), await store.dropOld(kept), await store.dropOld(kept)]).toEqual([
      0, 1, 0,
    ]);
  });

  test('the cost of a batch depends on its devices, and not on all connected ones, even without statistics of the server', async () => {
    const url = postgres.newDatabase();
    const inStore = async (work: (store: PostgresStore) => Promise<void>): Promise<void> => {
      const store = await PostgresStore.open({
        ...{ url, clock: systemClock, announceIntervalMs, log: silentLog },
      });
      await work(store);
      // A connection that ends tells the server what it has read.
      await store.close();
    };
    const begins = Array.from({ length: 4_000 }, (_, number) =>
      connected({ device: deviceRef('acme', `d-${number}`), connectionId: connectionId(number) }),
    );
    await inStore(async (store) => {
      for (let start = 0; start < begins.length; start += 500)
        await store.apply(begins.slice(start, start + 500));
    });
    const before = await readOf(url, { ended: 0 });
    await inStore(async (store) => {
      for (let start = 0; start < 200; start += 5)
        await store.apply(begins.slice(start, start + 5).map((begin) => disconnected(begin)));
    });
    expect((await readOf(url, { ended: 200 })) - before).toBeLessThan(5_000);
  });

  test('calls reject with StoreUnavailable after the server was killed, and all commits are there when it is back', async () => {
    const [store] = await replicas(1);
    const device = deviceRef('acme', 'thermostat-7');
    await store?.apply([connected()]);
    let wakes = 0;
    store?.onWake(() => (wakes += 1));
    await postgres.end('SIGKILL');
    // A process of the server may answer once more before it notices that the one above it is gone.
    await expect
      .poll(() => store?.get([device]).catch((error: unknown) => error), patience)
      .toBeInstanceOf(StoreUnavailable);
    await expect(store?.apply([connected()])).rejects.toBeInstanceOf(StoreUnavailable);
    await postgres.start();
    expect((await store?.get([device]))?.[0]?.presence.status).toBe('online');
    // It listens again, too: until it does, it looks by the clock.
    await expect
      .poll(async () => {
        const before = wakes;
        await store?.apply([connected({ connectionId: `again-${before}` as ConnectionId })]);
        return wakes > before;
      }, patience)
      .toBe(true);
  });
});

/** Rows of connections that were read, once so many have ended. */
async function readOf(url: string, { ended }: { readonly ended: number }): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let read = Number.NaN;
  await expect
    .poll(async () => {
      const { rows } = await client.query<Record<string, string>>(
        `SELECT n_tup_upd AS ended, seq_tup_read + coalesce(idx_tup_fetch, 0) AS read
         FROM pg_stat_user_tables WHERE relname = 'connections'`,
      );
      read = Number(rows[0]?.['read']);
      return Number(rows[0]?.['ended']);
    }, patience)
    .toBe(ended);
  await client.end();
  return read;
}
