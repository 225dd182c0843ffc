import { uncount } from './fragments.ts';
import { script } from './script.ts';

/**
 * Replaces a death, if it is still the one that was seen. Where the engine forgot it, it may have a sign of life and the counts of
 * that incarnation again.
 *
 * - KEYS: deaths, incarnations, signs of life, its counts, totals.
 * - ARGV: incarnation, the death seen, '' for none; the next one, '' for: forget the incarnation; which adapter it is of, if the engine
 *   forgot that, else ''.
 */
export const changeDeath = script(
  'change-death',
  `${uncount}
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  if ARGV[4] and ARGV[4] ~= '' then
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
    redis.call('HDEL', KEYS[3], ARGV[1])
    uncount(KEYS[4], KEYS[5])
  end
end
return 1`,
);
