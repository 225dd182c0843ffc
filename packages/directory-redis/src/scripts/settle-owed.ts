import { readClaim } from './fragments.ts';
import { script } from './script.ts';

/**
 * Endings of a dead incarnation were confirmed: they are owed no more.
 *
 * KEYS: what it is owed, what others heard, then the device of each. ARGV: the dead incarnation, then field and connection of each.
 * Answers how many are left.
 */
export const settleOwed = script(
  'settle-owed',
  `${readClaim}
for k = 3, #KEYS do
  local field, id = ARGV[2 * k - 4], ARGV[2 * k - 3]
  redis.call('HDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  local _, holder, connection = readClaim(redis.call('HGET', KEYS[k], field))
  if holder == ARGV[1] and connection == id then redis.call('HDEL', KEYS[k], field) end
end
return redis.call('HLEN', KEYS[1])`,
);
