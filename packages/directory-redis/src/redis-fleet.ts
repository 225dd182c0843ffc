import { systemRandom, type Random } from '@rollcall/core/environment';
import type { FleetEngine } from '@rollcall/directory-module';
import { askForAnnouncements } from './ask-for-announcements.ts';
import { RedisUndertaker } from './burial/redis-undertaker.ts';
import type { EngineCredentials } from './engine/client-options.ts';
import type { EngineAddress } from './engine/engine-address.ts';
import type { OpenEngine } from './engine/engine.ts';
import { inspectFleet } from './inspect-fleet.ts';
import { joinFleet } from './redis-directory.ts';
import { keyNames } from './wire/key-names.ts';

export interface RedisFleetOptions {
  readonly address: EngineAddress;
  /** Called at every connect. */
  credentials(): EngineCredentials;
  /** Begins all keys and channels: fleets with different prefixes do not affect each other. Without braces. */
  readonly prefix: string;
  readonly random?: Random;
}

/** A fleet, on a server that speaks the Redis protocol. */
export function redisFleet({
  address,
  credentials,
  prefix,
  random = systemRandom,
}: RedisFleetOptions): FleetEngine {
  const keys = keyNames(prefix);
  async function loadEngine(): Promise<OpenEngine> {
    // Each adapter has this module, but few are in a fleet: the others do not load the client when they start.
    const { ioredisEngine } = await import('./engine/ioredis-engine.ts');
    return ioredisEngine({ address, credentials, name: 'rollcall', random });
  }
  return {
    join: async (context) => joinFleet({ keys, openEngine: await loadEngine() }, context),
    createUndertaker: async (context) => new RedisUndertaker(context, keys, await loadEngine()),
    inspect: async () => inspectFleet(keys, await loadEngine()),
    askForAnnouncements: async (name) => askForAnnouncements(name, keys, await loadEngine()),
  };
}
