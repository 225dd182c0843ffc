// Functions that several scripts begin with. Patterns are those of Lua. A blank behind a text ends its last field, also where a later
// version appended more.

const epochPattern = '[0-9a-f]'.repeat(16);

/** Epoch, incarnation and connection of a claim; nothing if it is not a claim. */
export const readClaim = `
local function readClaim(text)
  return string.match((text or '')..' ', '^%d(${epochPattern})(%S+) (%S+) ')
end`;

/** Milliseconds of the engine's clock. */
export const nowMs = `
local function nowMs()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end`;

/** Counter, time in ms, and epoch from which on events may not be sent, of a sign of life; nothing if it is not a sign of life. */
export const readSign = `
local function readSign(text)
  return string.match((text or '')..' ', '^%d (%d+) (%d+) (${epochPattern}) ')
end`;

/**
 * Marks an incarnation as dead, as of its last sign of life, and answers its death. A full engine refuses a script whose first write
 * adds, but accepts writes that free memory: so the write that adds comes first. After: nowMs, readSign, uncount.
 */
export const die = `
local function die(signs, deaths, counted, totals, who, state, heir)
  local now = nowMs()
  local _, alive, since = readSign(redis.call('HGET', signs, who))
  local aliveAt = math.min(tonumber(alive or now), now)
  local dead = string.format('1 %s %d %d %s', state, now, aliveAt, since or '0000000000000000')
  if heir then dead = dead..' '..heir end
  redis.call('HSET', deaths, who, dead)
  redis.call('HDEL', signs, who)
  uncount(counted, totals)
  return dead
end`;

/** Verdict, device, field, and when it runs out, of a record; nothing if it is not a record. */
export const readRecord = `
local function readRecord(text)
  return string.match(text or '', '^%d([-LT])([^\\n]+)\\n([^\\n]+)\\n(%d*)\\n[^\\n]+$')
end`;

/** When the device of a record connected, ms by the engine's clock; nothing where that is not known. See `bodyText`. */
export const readClaimedAt = `
local function readClaimedAt(text)
  return tonumber(string.match(text or '', '\\n{"w":(%d+)[,}]'))
end`;

/** Adds to the total of a tenant, and answers it. A foreign value counts as 0. */
export const addToTotal = `
local function addToTotal(totals, tenant, more)
  local total = (tonumber(redis.call('HGET', totals, tenant) or '0') or 0) + more
  if total <= 0 then redis.call('HDEL', totals, tenant) return 0 end
  redis.call('HSET', totals, tenant, total)
  return total
end`;

/** Takes the connections of an incarnation off the totals of its tenants. */
export const uncount = `${addToTotal}
local function uncount(counted, totals)
  local all = redis.call('HGETALL', counted)
  for k = 1, #all, 2 do addToTotal(totals, all[k], -(tonumber(all[k + 1]) or 0)) end
  redis.call('DEL', counted)
end`;

/** How often a fleet can be asked for announcements, ms. */
export const announcementsAskedEveryMs = 300_000;

/** Who asked for announcements lately, and how long ago, ms; nothing if no one did. */
export const announcementsAsked = `
local function announcementsAsked(fleet, now)
  local who, at = string.match((redis.call('HGET', fleet, 'announce') or '')..' ', '^(%S+) (%d+) ')
  local ago = who and now - tonumber(at)
  if ago and math.abs(ago) < ${announcementsAskedEveryMs} then return who, ago end
end`;

/** Endings are noted in windows of so long, ms by the engine's clock, and each window expires as a whole. */
export const noteWindowMs = 30_000;

/**
 * Brings together what an incarnation noted in the windows from one to another, in a hash that does not expire with them: the first that
 * looks after its death does so. `prefix`: of its windows.
 */
export const gatherNotes = `
local function gatherNotes(gathered, prefix, from, to, keep)
  for window = from, to do
    local all = redis.call('HGETALL', prefix..window)
    for k = 1, #all, 2 do redis.call('HSET', gathered, all[k], all[k + 1]) end
    if #all > 0 then
      redis.call('EXPIRE', gathered, keep)
      redis.call('DEL', prefix..window)
    end
  end
end`;
