import { die, nowMs, readSign, uncount } from './fragments.ts';
import { script } from './script.ts';

/**
 * The next incarnation of an adapter, which has its journal, takes on what the one before left open. No other instance ends it as
 * long as the heir lives.
 *
 * KEYS: signs of life, deaths, its counts, totals, incarnations. ARGV: the incarnation before, its heir. Answers its death, which may be
 * older; '' if the engine does not know it, e.g. because it left in good order.
 */
export const inherit = script(
  'inherit',
  `${nowMs}${readSign}${uncount}${die}
local signs, deaths, counted, totals, instances = unpack(KEYS)
local dead = redis.call('HGET', deaths, ARGV[1])
if dead then return dead end
if redis.call('HEXISTS', signs, ARGV[1]) + redis.call('HEXISTS', instances, ARGV[1]) == 0 then return '' end
return die(signs, deaths, counted, totals, ARGV[1], 'inherited', ARGV[2])`,
);
