import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ManualClock } from '@rollcall/conformance';
import { hasDebianPackage, startPostgres, type Postgres } from '@rollcall/conformance/machine';
import { silentLog, systemClock } from '@rollcall/core/environment';
import { openQueries, type Queries } from '@rollcall/postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadRegistryConfig } from '../../config.ts';
import { describeRegistryStore } from '../../testing/describe-store.ts';
import { importFirst } from '../../transfer/import-first.ts';
import type { HeardChange } from '../registry-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { PostgresStore, type PostgresStoreOptions } from './postgres-store.ts';

const patience = { timeout: 30_000 };

const advisoryLocks = `FROM pg_locks JOIN pg_database ON pg_database.oid = database
  WHERE locktype = 'advisory' AND datname = current_database()`;

/** Somebody else who asks the server, until the end of the test. */
function operatorOf(url: string): Queries {
  const operator = openQueries({
    ...{ url, writersLock: 0, onIdleError() {} },
    unavailable: (message) => new Error(message),
  });
  onTestFinished(() => operator.close());
  return operator;
}

/** How many wait for an advisory lock. */
function waitingForLock(url: string): () => Promise<number | null> {
  const operator = operatorOf(url);
  return async () => (await operator.query(`SELECT 1 ${advisoryLocks} AND NOT granted`)).rowCount;
}

describe.runIf(hasDebianPackage('postgresql'))('a database server', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.cleanUp());

  describeRegistryStore('PostgreSQL', async () => {
    const url = postgres.newDatabase();
    return { open: (options) => PostgresStore.open({ url, clock: systemClock, log: silentLog, ...options }) };
  });

  async function replicas(
    count: number,
    maxDevicesPerTenant = -1,
    more: Partial<PostgresStoreOptions> = {},
    url = postgres.newDatabase(),
  ): Promise<readonly PostgresStore[]> {
    const open = (): Promise<PostgresStore> =>
      PostgresStore.open({ url, clock: systemClock, log: silentLog, maxDevicesPerTenant, ...more });
    // At the same time: one of them makes the tables.
    const stores = await Promise.all(Array.from({ length: count }, open));
    onTestFinished(async () => {
      for (const store of stores) await store.close();
    });
    return stores;
  }

  test('each replica reports a change once, and the one that made it reports it as its own', async () => {
    const stores = await replicas(3);
    const heard: HeardChange[][] = stores.map(() => []);
    for (const [index, store] of stores.entries()) store.onChange((each) => heard[index]?.push(each));
    await stores[0]?.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v' });
    const device = { tenant: 'acme', device: 'd', content: {}, version: 'v', at: 1 };
    await stores[1]?.write({ kind: 'create-device', ...device });
    await expect.poll(() => heard.map((all) => all.length), patience).toEqual([2, 2, 2]);
    expect(heard.map((all) => all.map(({ change, isOurs }) => [change.type, isOurs]))).toEqual([
      [
        ['tenant', true],
        ['device', false],
      ],
      [
        ['tenant', false],
        ['device', true],
      ],
      [
        ['tenant', false],
        ['device', false],
      ],
    ]);
  });

  test('one replica sends the changes of all, and another one continues when it gives up its turn or dies', async () => {
    const clock = new ManualClock();
    const stores = await replicas(3, -1, { clock, keepChanges: systemClock });
    const turns = async () => {
      clock.advance(5_000);
      const all: (boolean | undefined)[] = [];
      for (const store of stores) all.push(await store.outbox?.takeTurn());
      return all;
    };
    expect(await turns()).toEqual([true, false, false]);
    expect(await turns()).toEqual([true, false, false]);
    await stores[2]?.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v' });
    expect(await stores[0]?.outbox?.first('tenants', 0, 10)).toMatchObject([{ change: { tenant: 'acme' } }]);
    await stores[1]?.outbox?.giveTurn();
    expect(await turns(), 'what is not its own it cannot give').toEqual([true, false, false]);
    await stores[0]?.outbox?.giveTurn();
    clock.advance(1_000);
    expect(await stores[1]?.outbox?.takeTurn()).toBe(true);
    expect(await turns()).toEqual([false, true, false]);
    // It does not come again.
    await expect
      .poll(async () => {
        clock.advance(1_000);
        return stores[2]?.outbox?.takeTurn();
      }, patience)
      .toBe(true);
  });

  describe('replicas that start together on an empty database', () => {
    const importing = async (stores: readonly PostgresStore[]) => {
      const file = fileURLToPath(new URL('../../../../rollcall/demo/registry.yaml', import.meta.url));
      const config = loadRegistryConfig({ ROLLCALL_REGISTRY_IMPORTFILE: file }, false);
      await Promise.all(
        stores.map((store) => importFirst(config, { store, clock: systemClock, log: silentLog })),
      );
    };

    test('import the registry file once', async () => {
      const stores = await replicas(3);
      const heard: string[] = [];
      stores[0]?.onChange(({ change }) => heard.push(JSON.stringify(change)));
      await importing(stores);
      expect(heard.length).toBeGreaterThan(1);
      expect(heard.toSorted()).toEqual([...new Set(heard)].toSorted());
    });

    test('wait for the one that imports, and continue the import if it dies', async () => {
      const url = postgres.newDatabase();
      const [first, second] = await replicas(2, -1, {}, url);
      const begun = Promise.withResolvers<void>();
      const order: string[] = [];
      const dying = first
        ?.importAlone(() => {
          begun.resolve();
          return new Promise(() => {});
        })
        .catch((error: unknown) => order.push(String(error)));
      await begun.promise;
      const next = second?.importAlone(async () => void order.push('the second'));
      await expect.poll(waitingForLock(url), patience).toBe(1);
      expect(order).toEqual([]);
      await operatorOf(url).query(`SELECT pg_terminate_backend(pid) ${advisoryLocks} AND granted`);
      await Promise.all([dying, next]);
      expect(order.toSorted()).toEqual([expect.stringContaining('StoreUnavailable'), 'the second']);
    });
  });

  test('simultaneous writes of replicas are done once each, within the limits', async () => {
    const stores = await replicas(3, 10);
    await stores[0]?.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v' });
    const outcomes = await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 20 }, (_, index) =>
          store.write({
            kind: 'create-device',
            ...{ tenant: 'acme', device: `d-${index}`, content: {}, version: 'v', at: 1 },
          }),
        ),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'done')).toHaveLength(10);
    const page = { pageSize: 1, pageIndex: 0, filters: [], order: [] };
    for (const store of stores) expect((await store.searchDevices('acme', page)).total).toBe(10);
  });

  test('of simultaneous writes that expect the same version, through several replicas, one is done', async () => {
    const stores = await replicas(3);
    await stores[0]?.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v0' });
    const outcomes = await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 20 }, () =>
          store.write({
            kind: 'update-tenant',
            ...{ tenant: 'acme', content: {}, version: randomUUID(), expected: ['v0'] },
          }),
        ),
      ),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual([
      'done',
      ...outcomes.slice(1).map(() => 'version-mismatch'),
    ]);
  });

  test('a replica that is killed within its transaction leaves nothing of it, and others go on', async () => {
    const url = postgres.newDatabase();
    const [store] = await replicas(1, -1, {}, url);
    const half = fork(
      new URL('../../testing/stops-in-its-transaction.ts', import.meta.url),
      [url, '1919248233'],
      {
        execArgv: ['--conditions=@rollcall/source'],
      },
    );
    onTestFinished(() => void half.kill('SIGKILL'));
    await once(half, 'message');
    let isWritten = false;
    const written = store
      ?.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v' })
      .finally(() => (isWritten = true));
    await expect.poll(waitingForLock(url), patience).toBe(1);
    expect(isWritten).toBe(false);
    half.kill('SIGKILL');
    expect(await written).toEqual({ status: 'done' });
    expect(await store?.tenant('half')).toBeUndefined();
  });

  test('a write that the server refuses does not make others fail', async () => {
    const [store] = await replicas(1);
    const write = (tenant: string, text: string) =>
      store?.write({ kind: 'create-tenant', tenant, content: { ext: { text } }, version: 'v' });
    const settled = await Promise.allSettled([write('a', 'x'), write('b', '\u0000'), write('c', 'x')]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store?.tenant('b')).toBeUndefined();
    expect((await store?.tenant('c'))?.id).toBe('c');
  });

  test('calls reject with StoreUnavailable while the server is away, and succeed afterwards', async () => {
    const [store] = await replicas(1);
    await store?.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v' });
    await postgres.end('SIGKILL');
    // A process of the server may answer once more before it notices that the one above it is gone.
    await expect
      .poll(() => store?.tenant('acme').catch((error: unknown) => error), patience)
      .toBeInstanceOf(StoreUnavailable);
    const later = { kind: 'create-tenant', tenant: 'later', content: {}, version: 'v' } as const;
    await expect(store?.write(later)).rejects.toBeInstanceOf(StoreUnavailable);
    await postgres.start();
    await expect
      .poll(() => store?.tenant('acme').catch(() => 'away'), patience)
      .toMatchObject({ id: 'acme' });
    expect(await store?.write(later)).toEqual({ status: 'done' });
  });
});
