import { script } from './script.ts';

/** An incarnation that has been dead for long is forgotten. KEYS: the fenced, what was told of it. ARGV: incarnation. */
export const unfence = script(
  'unfence',
  `redis.call('DEL', KEYS[2])
return redis.call('SREM', KEYS[1], ARGV[1])`,
);
