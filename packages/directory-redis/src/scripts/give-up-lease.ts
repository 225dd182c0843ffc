import { nowMs, readClaim } from './fragments.ts';
import { script } from './script.ts';

/**
 * A lease is about to run out: gives up its slot, unless another instance heard its device. Its ending stays owed.
 *
 * - KEYS: the device, what others heard, the mark that the connection was ended.
 * - ARGV: field, incarnation, connection, for how many ms no other instance may have heard the device.
 * - Answers 1 given up; 2 heard, and how long ago in ms; 0 another connection has the slot: its claim, or ''.
 */
export const giveUpLease = script(
  'give-up-lease',
  `${nowMs}${readClaim}
local device, heard, ended = unpack(KEYS)
local field, me, mine, quiet = unpack(ARGV)
local held = redis.call('HGET', device, field)
local _, holder, connection = readClaim(held)
if connection and (connection ~= mine or holder ~= me) then return {0, held} end
if redis.call('EXISTS', ended) == 1 then return {0, ''} end
local at = tonumber(redis.call('HGET', heard, mine) or '')
local ago = at and nowMs() - at
if ago and ago < tonumber(quiet) then return {2, math.max(0, ago)} end
if connection then redis.call('HDEL', device, field) end
redis.call('HDEL', heard, mine)
return {1}`,
);
