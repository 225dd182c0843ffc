import { die, nowMs, readSign, uncount } from './fragments.ts';
import { script } from './script.ts';

/**
 * Declares an incarnation dead if it gave no sign of life since the one that was seen.
 *
 * KEYS: signs of life, deaths, its counts, totals. ARGV: incarnation, the sign that was seen. Answers its death; '' if it is alive.
 */
export const declareDead = script(
  'declare-dead',
  `${nowMs}${readSign}${uncount}${die}
local signs, deaths, counted, totals = unpack(KEYS)
local dead = redis.call('HGET', deaths, ARGV[1])
if dead then return dead end
if redis.call('HGET', signs, ARGV[1]) ~= ARGV[2] then return '' end
return die(signs, deaths, counted, totals, ARGV[1], 'owed')`,
);
