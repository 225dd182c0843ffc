import { setTimeout as delay } from 'node:timers/promises';
import type { FleetUnderTest } from '@rollcall/conformance/fleet';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { askForAnnouncements } from '../ask-for-announcements.ts';
import { RedisUndertaker } from '../burial/redis-undertaker.ts';
import type { EngineAddress } from '../engine/engine-address.ts';
import { ioredisEngine } from '../engine/ioredis-engine.ts';
import { joinFleet } from '../redis-directory.ts';
import { keyNames } from '../wire/key-names.ts';
import { Freezer } from './freezable.ts';

let fleets = 0;
/** Long enough that a busy machine makes no answer late. */
const patient = { deviceMs: 10_000, freshMs: 10_000 };

/** A fleet of its own on a real server, whose instances can be frozen. */
export function fleetOnRedis(address: EngineAddress): FleetUnderTest {
  const keys = keyNames(`test-${process.pid}-${(fleets += 1)}:`);
  const openEngine = ioredisEngine({ address, credentials: () => ({}), name: 'test', random: systemRandom });
  const freezers = new Map<string, Freezer>();
  return {
    async create(context) {
      const freezer = new Freezer();
      freezers.set(context.self.instance, freezer);
      const clock = freezer.clock(context.clock);
      const options = { keys, openEngine: freezer.engine(openEngine), waits: patient };
      const directory = await joinFleet(options, { ...context, clock });
      const close = directory.close.bind(directory);
      // A process that stands still closes nothing.
      directory.close = () => {
        freezer.thaw();
        return close();
      };
      return directory;
    },
    createUndertaker: (context) => Promise.resolve(new RedisUndertaker(context, keys, openEngine)),
    askForAnnouncements: (name) => askForAnnouncements(name, keys, openEngine),
    freeze(instance) {
      const freezer = freezers.get(instance);
      freezer?.freeze();
      return () => freezer?.thaw();
    },
    cutOff(instance) {
      const freezer = freezers.get(instance);
      freezer?.cutOff();
      return () => freezer?.restore();
    },
    deafen: (instance) => freezers.get(instance)?.deafen() ?? (() => {}),
    clock: systemClock,
    pass: (ms) => delay(ms),
  };
}

export function loopback(...ports: readonly number[]): EngineAddress {
  return {
    kind: 'single',
    tls: false,
    hosts: ports.map((port) => ({ host: '127.0.0.1', port })),
    database: 0,
  };
}
