import { systemRandom, type Random } from '@rollcall/core';
import type { FleetEngine } from '@rollcall/directory-module';
import { RedisUndertaker } from './burial/redis-undertaker.ts';
import type { EngineCredentials } from './engine/client-options.ts';
import type { EngineAddress } from './engine/engine-address.ts';
import { ioredisEngine } from './engine/ioredis-engine.ts';
import { inspectFleet } from './inspect-fleet.ts';
import { joinFleet } from './redis-directory.ts';
import { keyNames } from './wire/key-names.ts';

export interface RedisFleetOptions {
  readonly address: EngineAddress;
  /** Asked at every connect. */
  credentials(): EngineCredentials;
  /** In front of all keys and channels: fleets with different ones know nothing of each other. Without braces. */
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
  const openEngine = ioredisEngine({ address, credentials, name: 'rollcall', random });
  return {
    join: (context) => joinFleet({ keys, openEngine }, context),
    createUndertaker: (context) => Promise.resolve(new RedisUndertaker(context, keys, openEngine)),
    inspect: () => inspectFleet(keys, openEngine),
  };
}
