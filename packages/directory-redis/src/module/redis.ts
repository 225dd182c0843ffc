import { ConfigError } from '@rollcall/core';
import type { DirectoryModule } from '@rollcall/directory-module';
import { configProblem } from '@rollcall/options';
import { readEngineAddress } from '../engine/engine-address.ts';
import { redisFleet } from '../redis-fleet.ts';
import { followCredentials } from './follow-credentials.ts';
import { redisOptions } from './redis-options.ts';
import { redisProblems } from './redis-problems.ts';

/** Valkey and Redis, as a module of adapters. */
export const redis: DirectoryModule<typeof redisOptions> = {
  name: 'redis',
  options: redisOptions,
  chosenBy: 'DIRECTORY_URL',
  problems: redisProblems,
  create(values, context) {
    const address = readEngineAddress(values.url ?? '');
    if ('problem' in address) throw new ConfigError(redisProblems(values).map(configProblem));
    const credentials = followCredentials(values, address, context);
    return redisFleet({ address, credentials, prefix: values.prefix, random: context.random });
  },
};
