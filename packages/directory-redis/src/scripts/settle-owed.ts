import { readClaim } from './fragments.ts';
import { script } from './script.ts';

/**
 * Endings of a dead incarnation were confirmed: they are not owed any more.
 *
 * Published endings are remembered as long as the death: the next incarnation, which has the journal, asks for them.
 *
 * KEYS: what it is owed, what others heard, what was told of it, then the device of each. ARGV: the dead incarnation, then field,
 * connection, and '1' if its ending was published, else '', of each. Answers how many are left.
 */
export const settleOwed = script(
  'settle-owed',
  `${readClaim}
for k = 4, #KEYS do
  local field, id, told = ARGV[3 * k - 10], ARGV[3 * k - 9], ARGV[3 * k - 8]
  if told == '1' then redis.call('HSET', KEYS[3], id, '1') end
  redis.call('HDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  local _, holder, connection = readClaim(redis.call('HGET', KEYS[k], field))
  if holder == ARGV[1] and connection == id then redis.call('HDEL', KEYS[k], field) end
end
return redis.call('HLEN', KEYS[1])`,
);
