import { nowMs, readSign, uncount } from './fragments.ts';
import { script } from './script.ts';

/**
 * The next incarnation of an adapter, which has its journal, takes on what the one before left open. Nobody else ends it as
 * long as the heir lives.
 *
 * KEYS: signs of life, deaths, its counts, totals. ARGV: the incarnation before, its heir. Answers its death, which may be older.
 */
export const inherit = script(
  'inherit',
  `${nowMs}${readSign}${uncount}
local signs, deaths, counted, totals = unpack(KEYS)
local dead = redis.call('HGET', deaths, ARGV[1])
if dead then return dead end
local now = nowMs()
local _, alive, since = readSign(redis.call('HGET', signs, ARGV[1]))
dead = string.format('1 inherited %d %d %s %s', now, math.min(tonumber(alive or now), now), since or '0000000000000000', ARGV[2])
redis.call('HDEL', signs, ARGV[1])
redis.call('HSET', deaths, ARGV[1], dead)
uncount(counted, totals)
return dead`,
);
