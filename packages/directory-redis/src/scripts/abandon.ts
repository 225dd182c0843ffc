import { nowMs } from './fragments.ts';
import { script } from './script.ts';

/**
 * Declares a name dead that was never an incarnation. Connections that no instance holds are moved under it, so that an undertaker
 * ends them.
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
