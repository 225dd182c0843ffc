import { setBothOrNeither, type OptionProblem, type ValuesOf } from '@rollcall/options';
import { readEngineAddress } from '../engine/engine-address.ts';
import type { redisOptions } from './redis-options.ts';

/** Problems of options that are valid one by one but not together. They contain no secret. */
export function redisProblems(values: ValuesOf<typeof redisOptions>): readonly OptionProblem[] {
  const {
    url = '',
    prefix,
    username,
    password,
    sentinelUsername,
    sentinelPassword,
    trustStore,
    cert,
    key,
  } = values;
  const address = readEngineAddress(url);
  const problems: OptionProblem[] = [];
  if ('problem' in address)
    problems.push({ options: ['DIRECTORY_URL'], text: address.problem, code: 'OPTION_MALFORMED' });
  if (!/^[A-Za-z0-9._:-]{1,64}$/.test(prefix))
    problems.push({
      options: ['DIRECTORY_PREFIX'],
      text: 'must be 1 to 64 letters, digits, dots, colons, underscores or hyphens',
      code: 'OPTION_MALFORMED',
    });
  if (username !== undefined && password === undefined)
    problems.push({
      options: ['DIRECTORY_USERNAME', 'DIRECTORY_PASSWORD'],
      text: 'set both, or the password alone',
    });
  problems.push(...setBothOrNeither(['DIRECTORY_CERTPATH', cert], ['DIRECTORY_KEYPATH', key]));
  if ('problem' in address) return problems;
  if (password !== undefined && address.password !== undefined)
    problems.push({
      options: ['DIRECTORY_URL', 'DIRECTORY_PASSWORD'],
      text: 'both have a password: set one of them',
    });
  if (!address.tls && (trustStore ?? cert ?? key) !== undefined)
    problems.push({
      options: ['DIRECTORY_URL'],
      text: 'is without TLS, and certificates are set: begin it with rediss instead of redis',
    });
  if (address.kind !== 'sentinel' && (sentinelUsername ?? sentinelPassword) !== undefined)
    problems.push({
      options: ['DIRECTORY_URL'],
      text: 'names no sentinels, and what to log in to them with is set',
    });
  return problems;
}
