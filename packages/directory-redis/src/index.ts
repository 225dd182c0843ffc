export type { EngineCredentials, EngineTls } from './engine/client-options.ts';
export { readEngineAddress, type EngineAddress, type HostAndPort } from './engine/engine-address.ts';
export { redis } from './module/redis.ts';
export { redisFleet, type RedisFleetOptions } from './redis-fleet.ts';
