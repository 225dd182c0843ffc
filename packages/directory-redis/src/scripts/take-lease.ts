import { readClaim, readRecord } from './fragments.ts';
import { script } from './script.ts';

/**
 * Takes a lease from the incarnation that holds it, under its connection id.
 *
 * - KEYS: the device, what the incarnation is owed, the fenced, what others heard, what was told of whom it is taken from.
 * - ARGV: field, incarnation, connection, from whom, prefixes of channels, and of what incarnations are owed; '1' if whom it is taken from
 *   gives no signs of life, else ''.
 * - Answers 1 taken: its record and epoch. 0: that incarnation does not hold it. 2 fenced.
 */
export const takeLease = script(
  'take-lease',
  `${readClaim}${readRecord}
local device, owed, fenced, heard, told = unpack(KEYS)
local field, me, mine, from, channels, owedBy, isGone = unpack(ARGV)
if redis.call('SISMEMBER', fenced, me) == 1 then return {2} end
local epoch, holder, connection = readClaim(redis.call('HGET', device, field))
if connection ~= mine or holder ~= from then return {0} end
local record = redis.call('HGET', owedBy..from, mine)
if readRecord(record) ~= '-' then return {0} end
redis.call('HSET', owed, mine, record)
redis.call('HDEL', owedBy..from, mine)
if isGone == '1' or redis.call('SISMEMBER', fenced, from) == 1 then redis.call('HSET', told, mine, '1') end
redis.call('HDEL', heard, mine)
local claim = '1'..epoch..me..' '..mine
redis.call('HSET', device, field, claim)
redis.call('PUBLISH', channels..from, '1moved '..mine..' '..claim)
return {1, record, epoch}`,
);
