import { nowMs, readClaim, readClaimedAt, readRecord } from './fragments.ts';
import { script } from './script.ts';

/**
 * Claims a slot for a connection.
 *
 * The record is entered before slots are compared. Otherwise, if a connection is displaced at once and its adapter then
 * dies, no one would end it.
 *
 * A fresh claim wins whatever the clocks say: its device has just connected. It gets an epoch above the one it displaces.
 * If a claim is asserted again, or was held up on its way, the device that connected later wins, by the engine's clock, which
 * all adapters estimate. Where one of the two times is not known, their epochs are compared.
 *
 * Of one instance's own connections, the latest claim wins whatever the epochs: the instance knows the order.
 *
 * A lease that a dead incarnation had is ended where that one has no record of it, and its ending was told, or another incarnation went
 * on with it. Otherwise the engine never knew of it: then it is claimed as any other.
 *
 * - KEYS: the device, what the incarnation is owed, the fenced, the mark that the connection was ended elsewhere.
 * - ARGV: field, epoch, incarnation, connection, record; until when it is fresh by the engine's clock in ms, '' where it is
 *   asserted again; the incarnation that had the connection before, ''; prefixes of channels, and of what incarnations are owed;
 *   `session`; `lease` for one that begins and displaces none; `asserted` for a lease that is asserted again; `displaced` for a
 *   connection that lost its slot, and whose ending is still owed; prefix of what was told of incarnations; the one where it began.
 * - Answers 1 won: its epoch, the claim that it displaced, any foreign value that stood there. 0 lost: to this claim. 2 fenced.
 *   3 ended: others published its ending. 4 another incarnation holds the lease: its claim, and record. 5 a buried one held it: the lease
 *   moved here.
 */
export const claimSlot = script(
  'claim-slot',
  `${nowMs}${readClaim}${readRecord}${readClaimedAt}
local device, owed, fenced, ended = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local field, epoch, me, mine, record, freshUntil, from, channels, owedBy, kind, toldOf, begunBy = unpack(ARGV)
if redis.call('SISMEMBER', fenced, me) == 1 then return {2} end
local held = redis.call('HGET', device, field)
local theirs, holder, connection = readClaim(held)
local foreign = ''
if held and not theirs then held, foreign = false, string.sub(held, 1, 100) end
local buried = held and redis.call('SISMEMBER', fenced, holder) == 1
local goesOn = false

if kind == 'displaced' then
  redis.call('HSET', owed, mine, record)
  return {0, held or ''}
end
if kind ~= 'session' then
  if redis.call('EXISTS', ended) == 1 then return {3} end
  if held and connection == mine and holder ~= me then
    local before = redis.call('HGET', owedBy..holder, mine)
    if buried and readRecord(before) ~= '-' then return {3} end
    if not buried and holder ~= from then
      if kind == 'lease' and before then return {4, held, before} end
      return {0, held}
    end
    redis.call('HDEL', owedBy..holder, mine)
    if buried then redis.call('HSET', toldOf..holder, mine, '1') end
  elseif from ~= '' and not (held and connection == mine) then
    local before = redis.call('HGET', owedBy..from, mine)
    if before and readRecord(before) ~= '-' then return {3} end
    if not before and redis.call('SISMEMBER', fenced, from) == 1 then
      if redis.call('HEXISTS', toldOf..from, mine) + redis.call('HEXISTS', toldOf..begunBy, mine) > 0 then return {3} end
    end
    redis.call('HDEL', owedBy..from, mine)
    goesOn = true
  end
  if kind == 'lease' and held and connection ~= mine then
    local other = redis.call('HGET', owedBy..holder, connection)
    if buried and readRecord(other) == '-' then
      redis.call('HSET', owed, connection, other)
      redis.call('HDEL', owedBy..holder, connection)
      redis.call('HSET', toldOf..holder, connection, '1')
      redis.call('HSET', device, field, '1'..theirs..me..' '..connection)
      return {5, held, other}
    end
    if not buried and other then return {4, held, other} end
  end
end

redis.call('HSET', owed, mine, record)
if goesOn then redis.call('HSET', toldOf..from, mine, '1') end
if held and connection == mine then
  if theirs > epoch then epoch = theirs end
  if holder ~= me or theirs ~= epoch then redis.call('HSET', device, field, '1'..epoch..me..' '..mine) end
  return {1, epoch, '', ''}
end
if held and not buried and holder ~= me and (freshUntil == '' or nowMs() > tonumber(freshUntil)) then
  local at = readClaimedAt(record)
  local theirAt = at and readClaimedAt(redis.call('HGET', owedBy..holder, connection))
  local isLater = epoch > theirs
  if theirAt and theirAt ~= at then isLater = at > theirAt end
  if not isLater then return {0, held} end
end
if held and theirs >= epoch then
  local high, low = tonumber(string.sub(theirs, 1, 8), 16), tonumber(string.sub(theirs, 9), 16) + 1
  if low > 4294967295 then high, low = math.min(high + 1, 4294967295), 0 end
  epoch = string.format('%08x%08x', high, low)
end
redis.call('HSET', device, field, '1'..epoch..me..' '..mine)
if held and holder ~= me then
  redis.call('PUBLISH', channels..holder, '1displaced '..connection..' 1'..epoch..me..' '..mine)
end
return {1, epoch, held or '', foreign}`,
);
