import {
  describeDirectory,
  describeFleet,
  describeUntoldEndings,
  type FleetUnderTest,
} from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { afterAll, beforeAll, describe } from 'vitest';
import { fleetOnRedis, loopback } from './testing/fleet-on-redis.ts';
import { startRedis, type RedisServer } from './testing/redis-servers.ts';

describe.skipIf(!hasDebianPackage('redis-server'))('on redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  const open = (): Promise<FleetUnderTest> => Promise.resolve(fleetOnRedis(loopback(server.port)));

  describeDirectory('the Redis directory', open);
  describeFleet('the Redis directory', open);
  describeUntoldEndings('the Redis directory', open);
});
