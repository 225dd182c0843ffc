import { script } from './script.ts';

/**
 * Of connections of a dead incarnation, finds those whose ending no other instance published or will publish. Fences first: otherwise a
 * claim that is still on its way could be entered, and others would publish its ending.
 *
 * KEYS: what it is owed, the fenced, what was told of it. ARGV: the dead incarnation, then connections. Answers some of these.
 */
export const findUntold = script(
  'find-untold',
  `
redis.call('SADD', KEYS[2], ARGV[1])
local untold = {}
for k = 2, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[k]) == 0 and redis.call('HEXISTS', KEYS[3], ARGV[k]) == 0 then
    untold[#untold + 1] = ARGV[k]
  end
end
return untold`,
);
