import { gatherNotes } from './fragments.ts';
import { script } from './script.ts';

/**
 * Brings together what a dead incarnation noted in one bucket, before its windows expire. Fences first, as `peek-owed`.
 *
 * KEYS: what it noted, gathered; the fenced. ARGV: the dead incarnation, prefix of the windows, the first and the last one, for how many
 * seconds to keep what was noted.
 */
export const gatherNoted = script(
  'gather-noted',
  `${gatherNotes}
redis.call('SADD', KEYS[2], ARGV[1])
gatherNotes(KEYS[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5])
return 1`,
);
