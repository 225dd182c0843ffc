import { addToTotal } from './fragments.ts';
import { script } from './script.ts';

/**
 * Reports how many connections of some tenants an incarnation has, and asks how many the fleet has. The totals are always the sum
 * of what each incarnation reported last.
 *
 * - KEYS: signs of life, its counts, totals.
 * - ARGV: incarnation, how many tenants follow with a number, those, then tenants that are asked about.
 * - Answers the totals of all tenants named, in order; '' if the incarnation gave no sign of life, and so is not counted.
 */
export const countConnections = script(
  'count-connections',
  `${addToTotal}
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return '' end
local out, last = {}, 2 + 2 * tonumber(ARGV[2])
for k = 3, last, 2 do
  local before, now = tonumber(redis.call('HGET', KEYS[2], ARGV[k]) or '0') or 0, tonumber(ARGV[k + 1])
  if now == 0 then redis.call('HDEL', KEYS[2], ARGV[k]) else redis.call('HSET', KEYS[2], ARGV[k], now) end
  out[#out + 1] = addToTotal(KEYS[3], ARGV[k], now - before)
end
for k = last + 1, #ARGV do out[#out + 1] = tonumber(redis.call('HGET', KEYS[3], ARGV[k]) or '0') or 0 end
return out`,
);
