import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { anEnding } from '@rollcall/conformance';
import { deadAfterMsUnderTest, joinFleet, type FleetMember } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import type { ConnectionId } from '@rollcall/core';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import type { DirectoryEntry } from '@rollcall/core/directory';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EngineAddress } from './engine/engine-address.ts';
import { redisFleet } from './redis-fleet.ts';
import { freePort, startRedis, startSentinel, type RedisServer } from './testing/redis-servers.ts';

const run = promisify(execFile);
const patience = { timeout: 60_000, interval: 200 };
const devices = 2_000;

describe.skipIf(!hasDebianPackage('redis-server'))('an engine of several servers', () => {
  const toEnd: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of toEnd.splice(0).toReversed()) await end();
  });

  async function server(more: readonly string[] = [], port?: number): Promise<RedisServer> {
    const started = await startRedis(more, port);
    toEnd.push(() => started.stop());
    return started;
  }

  async function members(address: EngineAddress): Promise<[FleetMember, FleetMember]> {
    const fleet = redisFleet({ address, credentials: () => ({}), prefix: 'soak:' });
    const under = { create: fleet.join, clock: systemClock, pass: (ms: number) => delay(ms) };
    const [a, b] = [await joinFleet(under), await joinFleet(under)];
    toEnd.push(
      () => a.directory.close(),
      () => b.directory.close(),
    );
    await vi.waitFor(
      () => expect([a, b].map((each) => each.directory.status)).toEqual(['in-touch', 'in-touch']),
      patience,
    );
    return [a, b];
  }

  /** The connections of these devices, as the engine knows them. */
  async function placesOf(
    member: FleetMember,
    entries: readonly DirectoryEntry[],
  ): Promise<Set<ConnectionId>> {
    const found = new Set<ConnectionId>();
    for (let at = 0; at < entries.length; at += 100) {
      const places = await member.directory.find(
        entries.slice(at, at + 100).map(({ event }) => event.device),
      );
      for (const { connection } of places) found.add(connection);
    }
    return found;
  }

  const idsOf = (entries: readonly DirectoryEntry[]) =>
    new Set(entries.map(({ event }) => event.connectionId));

  /** Devices go on connecting during `fail`; afterwards all connections are entered. @returns how many are then taken over. */
  async function takenOverAfter(address: EngineAddress, fail: () => Promise<void> | void): Promise<number> {
    const [a, b] = await members(address);
    const ofA = Array.from({ length: devices }, (_, index) => a.entry(`d-${index}`, 'x'));
    for (let at = 0; at < devices; at += 100)
      await Promise.all(ofA.slice(at, at + 100).map((entry) => a.directory.enter(entry)));
    await vi.waitFor(async () => expect(await placesOf(b, ofA)).toEqual(idsOf(ofA)), patience);
    await fail();
    const during = Array.from({ length: 500 }, (_, index) => a.entry(`during-${index}`, 'x'));
    for (const entry of during) {
      expect(await a.directory.enter(entry)).not.toBe('lost');
      await delay(10);
    }
    const all = [...ofA, ...during];
    await vi.waitFor(async () => {
      expect([a, b].map((each) => each.directory.status)).toEqual(['in-touch', 'in-touch']);
      expect(await placesOf(b, all)).toEqual(idsOf(all));
    }, patience);
    expect(a.told).toEqual([]);
    const taken = ofA.slice(0, 300);
    await Promise.all(taken.map(({ event }) => b.directory.enter(b.entry(event.device.device, 'x'))));
    await vi.waitFor(() => expect(new Set(a.displaced())).toEqual(idsOf(taken)), patience);
    expect(b.displaced()).toEqual([]);
    await Promise.all(taken.map((entry) => Promise.resolve(a.directory.leave(entry, anEnding(entry.event)))));
    expect(await toldOf(address, a)).toEqual({ noted: idsOf(taken), lost: all.length - taken.length });
    return new Set(a.displaced()).size;
  }

  /** It closes with connections open, and so is declared dead: what others then tell of it, as it noted it, and as lost. */
  async function toldOf(
    address: EngineAddress,
    dead: FleetMember,
  ): Promise<{ readonly noted: Set<ConnectionId>; readonly lost: number }> {
    const noted = new Set<ConnectionId>();
    const lost = new Set<ConnectionId>();
    await dead.directory.close();
    const fleet = redisFleet({ address, credentials: () => ({}), prefix: 'soak:' });
    const undertaker = await fleet.createUndertaker({
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      deadAfterMs: deadAfterMsUnderTest,
      tell(_dead, owed) {
        for (const { event, ending } of owed) (ending ? noted : lost).add(event.connectionId);
        return Promise.resolve(owed.map(({ event }) => event.connectionId));
      },
    });
    await vi.waitFor(
      async () =>
        expect((await fleet.inspect()).instances.map((each) => 'endings' in each && each.endings)).toContain(
          'settled',
        ),
      patience,
    );
    await undertaker.stop();
    return { noted, lost: lost.size };
  }

  /** A cluster of three primaries. */
  async function cluster(
    replicas: number,
  ): Promise<{ readonly nodes: readonly RedisServer[]; readonly address: EngineAddress }> {
    const usual = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--appendonly', 'no'];
    const serving = ['--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0'];
    const nodes: RedisServer[] = [];
    for (let index = 0; index < 3 * (1 + replicas); index++)
      nodes.push(await server([...usual, ...serving, '--cluster-port', String(await freePort())]));
    const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const form = ['--cluster', 'create', ...places, '--cluster-replicas', String(replicas), '--cluster-yes'];
    await run('redis-cli', form);
    const hosts = nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    return { nodes, address: { kind: 'cluster', tls: false, hosts, database: 0 } };
  }

  test('Cluster: one of three primaries is killed, and its replica takes its place', async () => {
    const { nodes, address } = await cluster(1);
    // A replica without data does not become primary: give it time to get some.
    await delay(6_000);
    expect(await takenOverAfter(address, () => nodes[1]?.signal('SIGKILL'))).toBe(300);
  });

  test('Cluster: one primary that may drop entries is noticed, whichever node answers', async () => {
    const { nodes, address } = await cluster(0);
    await run('redis-cli', [
      '-p',
      String(nodes[1]?.port),
      'CONFIG',
      'SET',
      'maxmemory-policy',
      'allkeys-lru',
    ]);
    const fleet = redisFleet({ address, credentials: () => ({}), prefix: 'soak:' });
    const policy = async () => (await fleet.inspect()).engine.evictionPolicy;
    await vi.waitFor(async () => expect(await policy()).toBe('allkeys-lru'), patience);
    for (let look = 0; look < 6; look++) expect(await policy()).toBe('allkeys-lru');
  });

  test('Sentinel: the primary is killed, and the sentinels lead to the replica', async () => {
    const primary = await server(['--repl-diskless-sync-delay', '0']);
    await server(['--repl-diskless-sync-delay', '0', '--replicaof', '127.0.0.1', String(primary.port)]);
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-sentinels-'));
    toEnd.push(() => Promise.resolve(rmSync(directory, { recursive: true, force: true })));
    const hosts: { host: string; port: number }[] = [];
    for (let index = 0; index < 3; index++) {
      const file = join(directory, `${index}.conf`);
      writeFileSync(
        file,
        [
          `sentinel monitor main 127.0.0.1 ${primary.port} 2`,
          'sentinel down-after-milliseconds main 1000',
          'sentinel failover-timeout main 5000',
        ].join('\n'),
      );
      const sentinel = await startSentinel(file);
      toEnd.push(() => sentinel.stop());
      hosts.push({ host: '127.0.0.1', port: sentinel.port });
    }
    await delay(3_000);
    const address = { kind: 'sentinel', tls: false, hosts, database: 0, primaryName: 'main' } as const;
    expect(await takenOverAfter(address, () => primary.signal('SIGKILL'))).toBe(300);
  });
});
