import { nowMs, readClaim } from './fragments.ts';
import { script } from './script.ts';

/**
 * A device was heard at another instance than the holder of its lease.
 *
 * - KEYS: the device, what others heard, the fenced.
 * - ARGV: field, who holds it, connection, prefix of what incarnations are owed; '1' where it keeps the lease, '0' for a goodbye.
 * - Answers 1 and the lease's record; 0: that incarnation does not hold it, or is buried.
 */
export const reportSign = script(
  'report-sign',
  `${nowMs}${readClaim}
local device, heard, fenced = unpack(KEYS)
local field, from, mine, owedBy, keeps = unpack(ARGV)
local _, holder, connection = readClaim(redis.call('HGET', device, field))
if connection ~= mine or holder ~= from then return {0} end
if redis.call('SISMEMBER', fenced, from) == 1 then return {0} end
if keeps == '1' then redis.call('HSET', heard, mine, nowMs()) else redis.call('HDEL', heard, mine) end
return {1, redis.call('HGET', owedBy..from, mine) or ''}`,
);
