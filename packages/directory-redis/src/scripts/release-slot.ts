import { nowMs, noteWindowMs, readClaim } from './fragments.ts';
import { script } from './script.ts';

/**
 * The ending of a connection is stored safely: it is not owed any more. The slot is freed only if it is still this connection's. If
 * another incarnation took the lease meanwhile, it gets a message that the connection was ended.
 *
 * The ending may not be sent yet: what it needs is kept beside it for a while, so that others send it if this incarnation dies. What
 * frees memory comes first, so that a full engine accepts the script. A user that may not let keys expire keeps no endings.
 *
 * - KEYS: the device, what the one that held it is owed, the fenced, what others heard, the mark that the connection was ended.
 * - ARGV: field, incarnation, connection, prefix of channels; `session`, `lease`, or `moved` for a lease of another incarnation;
 *   for how many seconds to remember that it ended; the incarnation that held it: this one, or the one before, which was declared dead;
 *   how it ended, '' for one that is not published; prefixes of what incarnations noted, and of what they are owed; for how many seconds
 *   to keep that.
 * - Answers 2: fenced.
 */
export const releaseSlot = script(
  'release-slot',
  `${readClaim}${nowMs}
local device, owed, fenced, heard, ended = unpack(KEYS)
local field, me, mine, channels, kind, remember, owner, ending, noted, owedBy, keep = unpack(ARGV)
if redis.call('SISMEMBER', fenced, me) == 1 then return 2 end
local _, holder, connection = readClaim(redis.call('HGET', device, field))
local record = ending ~= '' and redis.call('HGET', owed, mine)
if ending ~= '' and not record and kind ~= 'session' and connection == mine then record = redis.call('HGET', owedBy..holder, mine) end
redis.call('HDEL', owed, mine)
if (holder == me or holder == owner) and connection == mine then redis.call('HDEL', device, field) end
if record then
  local window = noted..me..':'..math.floor(nowMs() / ${noteWindowMs})
  redis.call('HSET', window, mine, ending..'\\n'..record)
  local kept = redis.pcall('EXPIRE', window, keep)
  if type(kept) == 'table' and kept.err then redis.call('HDEL', window, mine) end
end
if kind == 'session' then return 1 end
redis.call('HDEL', heard, mine)
if connection == mine and holder ~= me and holder ~= owner then redis.call('PUBLISH', channels..holder, '1ended '..mine) end
redis.call('SET', ended, '1', 'EX', remember)
return 1`,
);
