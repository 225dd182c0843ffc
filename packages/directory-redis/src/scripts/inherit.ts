import { die, nowMs, readSign, uncount } from './fragments.ts';
import { script } from './script.ts';

/**
 * The next incarnation of an adapter, which has its journal, takes on what the one before left open. Nobody else ends it as
 * long as the heir lives.
 *
 * KEYS: signs of life, deaths, its counts, totals. ARGV: the incarnation before, its heir. Answers its death, which may be older.
 */
export const inherit = script(
  'inherit',
  `${nowMs}${readSign}${uncount}${die}
local signs, deaths, counted, totals = unpack(KEYS)
local dead = redis.call('HGET', deaths, ARGV[1])
if dead then return dead end
return die(signs, deaths, counted, totals, ARGV[1], 'inherited', ARGV[2])`,
);
