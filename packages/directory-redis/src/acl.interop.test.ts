import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { anEnding, recordingLog } from '@rollcall/conformance';
import { deadAfterMsUnderTest, joinFleet, type FleetMember } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import type { ConnectionId } from '@rollcall/core';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { redisFleet } from './redis-fleet.ts';
import { loopback } from './testing/fleet-on-redis.ts';
import { startRedis, type RedisServer } from './testing/redis-servers.ts';

const guide = readFileSync(new URL('../../../docs/fleet.md', import.meta.url), 'utf8');
/** The rule as the guide states it. */
const rule = /^ACL SETUSER rollcall .+$/m.exec(guide)?.[0] ?? '';
const patience = { timeout: 240_000, interval: 50 };
/** Without these, an adapter still gives signs of life. */
const needed: ReadonlySet<string> = new Set([
  '&rollcall:*',
  ...words('exists get set del expire hdel hgetall hkeys hvals hscan'),
  ...words('sadd srem sismember publish subscribe'),
]);

function words(commands: string): readonly string[] {
  return commands.split(' ').map((command) => `+${command}`);
}

describe.skipIf(!hasDebianPackage('redis-server'))(
  'a user that may do what the guide says, and no more',
  () => {
    let server: RedisServer;
    let operator: Redis;
    beforeAll(async () => {
      server = await startRedis();
      operator = new Redis({ port: server.port, host: '127.0.0.1' });
      const [, ...args] = rule.split(' ');
      await operator.call('ACL', ...args);
      await operator.call('ACL', 'LOG', 'RESET');
    });
    afterAll(async () => {
      operator.disconnect();
      await server.stop();
    });

    const fleetOf = (prefix: string) =>
      redisFleet({
        address: loopback(server.port),
        credentials: () => ({ username: 'rollcall', password: 'password' }),
        prefix,
      });

    test('takes a connection over, buries an instance, starts a later run of one, is asked to announce, and inspects the fleet', async () => {
      const fleet = fleetOf('rollcall:');
      const log = recordingLog();
      const member = (): Promise<FleetMember> =>
        joinFleet({
          create: (context) => fleet.join({ ...context, log }),
          clock: systemClock,
          pass: (ms) => delay(ms),
        });
      const [a, b] = [await member(), await member()];
      const older = a.entry('d-1', 'x');
      await a.directory.enter(older);
      await b.directory.enter(b.entry('d-1', 'x'));
      await vi.waitFor(() => expect(a.displaced()).toEqual([older.event.connectionId]), patience);
      const left = a.entry('d-2', 'x');
      await a.directory.enter(left);
      const ended = a.entry('d-3', 'x');
      await a.directory.enter(ended);
      await a.directory.leave(ended, anEnding(ended.event));
      expect(await b.directory.find([left.event.device])).toHaveLength(1);
      expect(await b.directory.succeed('01a20769-0000-7000-8000-00000000dead')).toEqual({ whose: 'ours' });
      b.directory.settled('01a20769-0000-7000-8000-00000000dead');
      // It closes with a connection open, so it is declared dead later.
      await a.directory.close();
      const owed: ConnectionId[] = [];
      const undertaker = await fleet.createUndertaker({
        clock: systemClock,
        random: systemRandom,
        log,
        deadAfterMs: deadAfterMsUnderTest,
        tell(_dead, endings) {
          const ids = endings.map(({ event }) => event.connectionId);
          owed.push(...ids);
          return Promise.resolve(ids);
        },
      });
      await vi.waitFor(
        () =>
          expect(owed).toEqual(expect.arrayContaining([left.event.connectionId, ended.event.connectionId])),
        patience,
      );
      await vi.waitFor(
        async () =>
          expect((await fleet.inspect()).instances).toContainEqual(
            expect.objectContaining({ state: 'dead', endings: 'settled', connections: 0 }),
          ),
        patience,
      );
      expect(await fleet.askForAnnouncements('presence')).toEqual({ status: 'asked' });
      await vi.waitFor(() => expect(b.told).toContainEqual({ what: 'announce-asked' }), patience);
      await undertaker.stop();
      await b.directory.close();
      expect((await fleet.inspect()).engine.evictionPolicy).toBe('noeviction');
      expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
      // Servers that know the command refuse the client's report of its version (CLIENT SETINFO). They refuse nothing else.
      const entries = (await operator.call('ACL', 'LOG')) as unknown[][];
      const refused = entries.map((entry) => entry[entry.indexOf('object') + 1]);
      expect(refused.filter((what) => what !== 'client|setinfo')).toEqual([]);
    });

    test('that lacks a right is not told that all is well, and that right is named, until the user has it', async () => {
      const [, , , ...rights] = rule.split(' ');
      const lacking = rights.filter((right) => needed.has(right));
      expect(lacking).toHaveLength(needed.size);
      await Promise.all(
        lacking.map(async (right, index) => {
          const username = `without-${index}`;
          const others = rights.filter((each) => each !== right);
          await operator.call('ACL', 'SETUSER', username, ...others);
          const log = recordingLog();
          const { directory } = await joinFleet({
            create: (context) =>
              redisFleet({
                address: loopback(server.port),
                credentials: () => ({ username, password: 'password' }),
                prefix: `rollcall:${index}:`,
              }).join({ ...context, log }),
            clock: systemClock,
            pass: (ms) => delay(ms),
          });
          const named = right.startsWith('&') ? 'publish, subscribe' : right.slice(1);
          await vi.waitFor(() => {
            expect([right, directory.status]).toEqual([right, 'restricted']);
            const refusal = log.lines.find(({ message }) => message.includes('refuses'));
            expect(refusal?.facts).toMatchObject({ refused: named });
          }, patience);
          await operator.call('ACL', 'SETUSER', username, right);
          await vi.waitFor(() => expect([right, directory.status]).toEqual([right, 'in-touch']), patience);
          await directory.close();
        }),
      );
    });

    test('sees nothing of another fleet', async () => {
      await expect(fleetOf('another:').inspect()).rejects.toThrow('NOPERM');
      await expect(fleetOf('another:').askForAnnouncements('presence')).rejects.toThrow('NOPERM');
    });
  },
);
