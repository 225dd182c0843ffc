import { gatherNotes } from './fragments.ts';
import { script } from './script.ts';

/**
 * Of connections of a dead incarnation, finds those whose ending no other instance published or will publish. Fences first: otherwise a
 * claim that is still on its way could be entered, and others would publish its ending.
 *
 * - KEYS: what it is owed, the fenced, what was told of it, what it noted, gathered.
 * - ARGV: the dead incarnation, prefix of its windows, the first and the last one, for how many seconds to keep what was noted, then
 *   connections. Answers some of these.
 */
export const findUntold = script(
  'find-untold',
  `${gatherNotes}
local owed, fenced, told, gathered = unpack(KEYS)
redis.call('SADD', fenced, ARGV[1])
gatherNotes(gathered, ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5])
local untold = {}
for k = 6, #ARGV do
  local id = ARGV[k]
  if redis.call('HEXISTS', owed, id) + redis.call('HEXISTS', told, id) + redis.call('HEXISTS', gathered, id) == 0 then
    untold[#untold + 1] = id
  end
end
return untold`,
);
