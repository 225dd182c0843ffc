import { readClaim } from './fragments.ts';
import { script } from './script.ts';

/**
 * Moves a lease of this incarnation under a name that is dead. If another connection has its slot by now, only the record moves: its
 * ending is owed.
 *
 * - KEYS: the device, what this incarnation is owed, what the name is owed, the fenced, what others heard.
 * - ARGV: field, incarnation, connection, the name, prefix of channels.
 * - Answers 1 moved. 0: this incarnation is not owed its ending. 2: the name was buried already.
 */
export const layDown = script(
  'lay-down',
  `${readClaim}
local device, owed, owedByName, fenced, heard = unpack(KEYS)
local field, me, mine, name, channels = unpack(ARGV)
if redis.call('SISMEMBER', fenced, name) == 1 then return 2 end
local record = redis.call('HGET', owed, mine)
if not record then return 0 end
redis.call('HSET', owedByName, mine, record)
redis.call('HDEL', owed, mine)
redis.call('HDEL', heard, mine)
local epoch, holder, connection = readClaim(redis.call('HGET', device, field))
if connection == mine and holder == me then
  local claim = '1'..epoch..name..' '..mine
  redis.call('HSET', device, field, claim)
  redis.call('PUBLISH', channels..me, '1moved '..mine..' '..claim)
end
return 1`,
);
