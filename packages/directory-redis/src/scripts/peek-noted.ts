import { gatherNotes } from './fragments.ts';
import { script } from './script.ts';

/**
 * Some endings that a dead incarnation noted in one bucket, and may not have sent. Fences first, as `peek-owed`.
 *
 * - KEYS: what it noted, gathered; the fenced; who buries it.
 * - ARGV: the dead incarnation, who asks, prefix of the windows, the first and the last one, for how many seconds to keep what was
 *   noted, where to go on.
 * - Answers '' if another undertaker does this; else where to go on ('0': nowhere), then connection and note in turn.
 */
export const peekNoted = script(
  'peek-noted',
  `${gatherNotes}
local gathered, fenced, burying = unpack(KEYS)
local dead, who, prefix, from, to, keep, cursor = unpack(ARGV)
redis.call('SADD', fenced, dead)
gatherNotes(gathered, prefix, tonumber(from), tonumber(to), keep)
if redis.call('EXISTS', gathered) == 0 then return {'0'} end
local by = redis.call('GET', burying)
if by and by ~= who then return '' end
redis.call('SET', burying, who, 'PX', 10000)
local scan = redis.call('HSCAN', gathered, cursor, 'COUNT', 100)
local out = {scan[1]}
for k = 1, #scan[2] do out[#out + 1] = scan[2][k] end
return out`,
);
