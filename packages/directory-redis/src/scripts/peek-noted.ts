import { script } from './script.ts';

/**
 * Some endings that a dead incarnation noted in one bucket, once they are gathered.
 *
 * - KEYS: what it noted, gathered; who buries it.
 * - ARGV: who asks, where to go on.
 * - Answers '' if another undertaker does this; else where to go on ('0': nowhere), then connection and note in turn.
 */
export const peekNoted = script(
  'peek-noted',
  `
if redis.call('EXISTS', KEYS[1]) == 0 then return {'0'} end
local by = redis.call('GET', KEYS[2])
if by and by ~= ARGV[1] then return '' end
redis.call('SET', KEYS[2], ARGV[1], 'PX', 10000)
local scan = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', 100)
local out = {scan[1]}
for k = 1, #scan[2] do out[#out + 1] = scan[2][k] end
return out`,
);
