import { uncount } from './fragments.ts';
import { script } from './script.ts';

/** An incarnation leaves the fleet, and is owed nothing. KEYS: signs of life, incarnations, its counts, totals. ARGV: incarnation. */
export const retire = script(
  'retire',
  `${uncount}
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
uncount(KEYS[3], KEYS[4])
return 1`,
);
