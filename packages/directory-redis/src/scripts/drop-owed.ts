import { readClaim, readRecord } from './fragments.ts';
import { script } from './script.ts';

/**
 * Drops what an incarnation is owed in this bucket: its heir ended its open connections, and has entered those that go on.
 *
 * KEYS: what it is owed, the fenced, what was told of it. ARGV: the incarnation, prefix of devices.
 */
export const dropOwed = script(
  'drop-owed',
  `${readClaim}${readRecord}
redis.call('SADD', KEYS[2], ARGV[1])
local all = redis.call('HGETALL', KEYS[1])
for k = 1, #all, 2 do
  redis.call('HSET', KEYS[3], all[k], '1')
  local _, device, field = readRecord(all[k + 1])
  if device then
    local _, holder, connection = readClaim(redis.call('HGET', ARGV[2]..device, field))
    if holder == ARGV[1] and connection == all[k] then redis.call('HDEL', ARGV[2]..device, field) end
  end
end
redis.call('DEL', KEYS[1])
return 1`,
);
