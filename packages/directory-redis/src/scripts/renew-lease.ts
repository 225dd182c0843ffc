import { announcementsAsked, nowMs, readSign } from './fragments.ts';
import { script } from './script.ts';

/**
 * A sign of life: a counter, not a deadline, so that no clock decides who is dead. It also carries the epoch that the clock
 * that is furthest ahead would stamp now.
 *
 * - KEYS: signs of life, deaths, what the fleet shares, incarnations.
 * - ARGV: incarnation, what it would stamp now, from which epoch on its events may not be sent, a random name for a fleet without
 *   one, which adapter it is of.
 * - Answers 1, the engine's time in ms, the furthest epoch, the fleet's name, number of incarnations, and who asked for announcements
 *   lately, or an empty text; or 0 and its death.
 */
export const renewLease = script(
  'renew-lease',
  `${nowMs}${readSign}${announcementsAsked}
local signs, deaths, fleet, instances = unpack(KEYS)
local me, epoch, since, name, who = unpack(ARGV)
local dead = redis.call('HGET', deaths, me)
if dead then return {0, dead} end
local now = nowMs()
local counter = tonumber((readSign(redis.call('HGET', signs, me)))) or 0
redis.call('HSET', signs, me, string.format('1 %d %d %s', counter + 1, now, since))
redis.call('HSET', instances, me, who)
redis.call('HSETNX', fleet, 'name', name)
local furthest, at, whose = string.match((redis.call('HGET', fleet, 'clock') or '')..' ', '^(%x+) (%d+) (%S+) ')
if furthest and #furthest == 16 and whose ~= me and redis.call('HEXISTS', signs, whose) == 1 then
  local passed = math.max(0, now - tonumber(at))
  if passed > 0 then
    furthest = string.format('%012x', math.min(tonumber(string.sub(furthest, 1, 12), 16) + passed, 281474976710655))..'0000'
  end
  if furthest > epoch then epoch, whose = furthest, false end
else
  whose = me
end
if whose then redis.call('HSET', fleet, 'clock', epoch..' '..now..' '..me) end
return {1, now, epoch, redis.call('HGET', fleet, 'name'), redis.call('HLEN', signs), (announcementsAsked(fleet, now)) or ''}`,
);
