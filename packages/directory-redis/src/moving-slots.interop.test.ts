import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { joinFleet, type FleetMember } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { systemClock } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { redisFleet } from './redis-fleet.ts';
import { freePort, startRedis, type RedisServer } from './testing/redis-servers.ts';
import { bucketOf } from './wire/bucket-of.ts';
import { deviceName } from './wire/field-text.ts';
import { keyNames } from './wire/key-names.ts';

const prefix = 'rollcall:';
const guide = readFileSync(new URL('../../../docs/fleet.md', import.meta.url), 'utf8');
/** The rights that the guide states. */
const rights = (/^ACL SETUSER rollcall (.+)$/m.exec(guide)?.[1] ?? '').split(' ');
const patience = { timeout: 240_000, interval: 50 };

interface Node {
  readonly server: RedisServer;
  readonly operator: Redis;
  readonly id: string;
}

describe.skipIf(!hasDebianPackage('redis-server'))('a Cluster whose slots move', () => {
  const toEnd: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of toEnd.splice(0).toReversed()) await end();
  });

  async function node(): Promise<Node> {
    const busPort = await freePort();
    const server = await startRedis(['--cluster-enabled', 'yes', '--cluster-port', String(busPort)]);
    toEnd.push(() => server.stop());
    const operator = new Redis({ port: server.port, host: '127.0.0.1' });
    toEnd.push(() => operator.disconnect());
    return { server, operator, id: String(await operator.call('CLUSTER', 'MYID')) };
  }

  /** Two nodes. The first one has all slots; both know this user. */
  async function givenTwoNodes(username: string, userRights: readonly string[]): Promise<[Node, Node]> {
    const nodes: [Node, Node] = [await node(), await node()];
    const [from, to] = nodes;
    for (const { operator } of nodes) await operator.call('ACL', 'SETUSER', username, ...userRights);
    await from.operator.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    const [, busPort = ''] = await to.operator.config('GET', 'cluster-port');
    await from.operator.call('CLUSTER', 'MEET', '127.0.0.1', String(to.server.port), busPort);
    await vi.waitFor(async () => {
      const seen = await Promise.all(nodes.map(({ operator }) => operator.call('CLUSTER', 'INFO')));
      for (const info of seen) expect(info).toMatch(/cluster_state:ok[^]*cluster_known_nodes:2/);
    }, patience);
    return nodes;
  }

  async function memberAt({ server }: Node, username: string): Promise<FleetMember> {
    const hosts = [{ host: '127.0.0.1', port: server.port }];
    const fleet = redisFleet({
      address: { kind: 'cluster', tls: false, hosts, database: 0 },
      credentials: () => ({ username, password: 'password' }),
      prefix,
    });
    const member = await joinFleet({ create: fleet.join, clock: systemClock, pass: (ms) => delay(ms) });
    toEnd.push(() => member.directory.close());
    await vi.waitFor(() => expect(member.directory.status).toBe('in-touch'), patience);
    return member;
  }

  /** Begins to move the slot of this device from the first node to the second one. @returns completes that. */
  async function moveSlotOf(
    { device }: ConnectedEvent,
    [from, to]: [Node, Node],
  ): Promise<() => Promise<void>> {
    const key = keyNames(prefix).devices(bucketOf(deviceName(device)));
    const slot = String(await from.operator.call('CLUSTER', 'KEYSLOT', key));
    await to.operator.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await from.operator.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    return async () => {
      for (const { operator } of [to, from]) await operator.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
    };
  }

  test.each([
    ['with the rights that the guide states', rights],
    ['also if its user may not say ASKING', rights.filter((right) => right !== '+asking')],
  ])(
    'an adapter goes on without the directory for devices of that slot, and enters them afterwards, %s',
    async (_with, userRights) => {
      const unhandled: unknown[] = [];
      const note = (error: unknown): void => void unhandled.push(error);
      process.on('unhandledRejection', note);
      toEnd.push(() => process.off('unhandledRejection', note));
      const nodes = await givenTwoNodes('rollcall', userRights);
      const [a, b] = [await memberAt(nodes[0], 'rollcall'), await memberAt(nodes[0], 'rollcall')];
      const entry = a.entry('d-1', 'x');
      const complete = await moveSlotOf(entry.event, nodes);
      expect(await a.directory.enter(entry)).toBe('unknown');
      await delay(500);
      await complete();
      await vi.waitFor(
        async () => expect(await b.directory.find([entry.event.device])).toHaveLength(1),
        patience,
      );
      await b.directory.enter(b.entry('d-1', 'x'));
      await vi.waitFor(() => expect(a.displaced()).toEqual([entry.event.connectionId]), patience);
      // Of an adapter, it would end the process.
      expect(unhandled).toEqual([]);
    },
  );
});
