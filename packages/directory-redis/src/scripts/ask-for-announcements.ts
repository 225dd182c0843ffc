import { announcementsAsked, announcementsAskedEveryMs, nowMs } from './fragments.ts';
import { script } from './script.ts';

/**
 * Has each instance announce what it has open: it hears of that with its next sign of life.
 *
 * - KEYS: what the fleet shares.
 * - ARGV: who asks.
 * - Answers 1; or 0, and in how many ms it can be asked again, where somebody else asked lately.
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
