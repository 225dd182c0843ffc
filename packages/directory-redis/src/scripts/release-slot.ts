import { readClaim } from './fragments.ts';
import { script } from './script.ts';

/**
 * The ending of a connection is stored safely: it is not owed any more. The slot is freed only if it is still this connection's. If
 * another incarnation took the lease meanwhile, it gets a message that the connection was ended.
 *
 * - KEYS: the device, what the one that held it is owed, the fenced, what others heard, the mark that the connection was ended.
 * - ARGV: field, incarnation, connection, prefix of channels; `session`, `lease`, or `moved` for a lease of another incarnation;
 *   for how many seconds to remember that it ended; the incarnation that held it: this one, or the one before, which was declared dead.
 * - Answers 2: fenced.
 */
export const releaseSlot = script(
  'release-slot',
  `${readClaim}
local device, owed, fenced, heard, ended = unpack(KEYS)
local field, me, mine, channels, kind, remember, owner = unpack(ARGV)
if redis.call('SISMEMBER', fenced, me) == 1 then return 2 end
redis.call('HDEL', owed, mine)
local _, holder, connection = readClaim(redis.call('HGET', device, field))
if (holder == me or holder == owner) and connection == mine then redis.call('HDEL', device, field) end
if kind == 'session' then return 1 end
redis.call('HDEL', heard, mine)
if connection == mine and holder ~= me and holder ~= owner then redis.call('PUBLISH', channels..holder, '1ended '..mine) end
redis.call('SET', ended, '1', 'EX', remember)
return 1`,
);
