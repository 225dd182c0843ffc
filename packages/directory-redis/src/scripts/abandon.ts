import { nowMs } from './fragments.ts';
import { script } from './script.ts';

/**
 * Declares dead what never lived: a name under which connections lie that nobody holds, so that somebody ends them.
 *
 * KEYS: deaths, incarnations. ARGV: the name, from which epoch on events may not be sent, which adapter it is of.
 */
export const abandon = script(
  'abandon',
  `${nowMs}
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], string.format('1 owed %d %d %s', nowMs(), nowMs(), ARGV[2]))
return 1`,
);
