import { reportedWithinMs } from '@rollcall/core/internal';
import { nowMs, readClaim, readRecord } from './fragments.ts';
import { script } from './script.ts';

/**
 * Some connections that a dead incarnation left open in one bucket. Fences first, then reads: so nothing can be added to the list.
 * Decides once how each ended, and writes that into the record, so that all who publish the ending publish the same. A lease that has
 * not run out is not decided: until then another incarnation may go on with it. The dead one may have renewed it until its last sign of
 * life, and noted that less often. If others heard its device since, it runs out an
 * interval after that, however old the record is: the next request that they get moves it to them. An heir reports sessions as lost, and
 * may have done so before it died: so they are lost, also if another connection has the slot by now.
 *
 * - KEYS: what it is owed, the fenced, who buries it, what others heard.
 * - ARGV: the dead incarnation, who asks, prefix of devices, where to go on; '1' to leave out leases that have not run out, else ''; '1'
 *   if it had an heir, else ''; when it gave its last sign of life.
 * - Answers '' if another undertaker does this; else where to go on ('0': nowhere), the engine's time in ms, then connection and record
 *   in turn. The record is '' if another incarnation took the connection on.
 */
export const peekOwed = script(
  'peek-owed',
  `${nowMs}${readClaim}${readRecord}
local owed, fenced, burying, heard = unpack(KEYS)
local dead, who, devices, from, ripeOnly, hadHeir, aliveMs = unpack(ARGV)
local function basisOf(record)
  local isRead, body = pcall(cjson.decode, string.match(record, '\\n([^\\n]+)$'))
  local basis = isRead and type(body) == 'table' and type(body.l) == 'table' and body.l[4]
  return type(basis) == 'table' and basis or {}
end
local function mayGoOn(record, untilMs, now)
  if tonumber(untilMs) > now then return true end
  local basis = basisOf(record)
  return now < tonumber(aliveMs) + (tonumber(basis.detectWithinMs) or tonumber(basis.intervalMs) or 0)
end
local function isHeard(id, record, now)
  local at = tonumber(redis.call('HGET', heard, id) or '')
  if not at then return false end
  return now < at + (tonumber(basisOf(record).intervalMs) or 0) + ${reportedWithinMs}
end
redis.call('SADD', fenced, dead)
if redis.call('EXISTS', owed) == 0 then return {'0', nowMs()} end
local by = redis.call('GET', burying)
if by and by ~= who then return '' end
redis.call('SET', burying, who, 'PX', 10000)
local now, scan = nowMs(), redis.call('HSCAN', owed, from, 'COUNT', 100)
local all, out = scan[2], {scan[1], now}
for k = 1, #all, 2 do
  local id, record = all[k], all[k + 1]
  local mark, device, field, untilMs = readRecord(record)
  local waits, isElsewhere = false, false
  if mark == '-' then
    local _, holder, connection = readClaim(redis.call('HGET', devices..device, field))
    if connection == id and holder ~= dead then record = ''
    elseif connection == id and untilMs ~= '' and mayGoOn(record, untilMs, now) then waits = true
    elseif connection == id and untilMs ~= '' and isHeard(id, record, now) then isElsewhere = true
    else
      local wasReported = hadHeir == '1' and untilMs == ''
      mark = connection and connection ~= id and not wasReported and 'T' or 'L'
      record = string.sub(record, 1, 1)..mark..string.sub(record, 3)
      redis.call('HSET', owed, id, record)
    end
  end
  if not isElsewhere and (not waits or ripeOnly == '') then out[#out + 1] = id out[#out + 1] = record end
end
return out`,
);
