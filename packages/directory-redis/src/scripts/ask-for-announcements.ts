import { announcementsAsked, announcementsAskedEveryMs, nowMs } from './fragments.ts';
import { script } from './script.ts';

/**
 * Makes each instance announce its open connections: the answer to its next sign of life says so.
 *
 * - KEYS: what the fleet shares.
 * - ARGV: who asks.
 * - Answers 1; or, if another caller asked lately, 0 and in how many ms it can be asked again.
 */
export const askForAnnouncements = script(
  'ask-for-announcements',
  `${nowMs}${announcementsAsked}
local fleet, me = KEYS[1], ARGV[1]
local now = nowMs()
local who, ago = announcementsAsked(fleet, now)
if who and who ~= me then return {0, ${announcementsAskedEveryMs} - ago} end
if not who then redis.call('HSET', fleet, 'announce', me..' '..now) end
return {1}`,
);
