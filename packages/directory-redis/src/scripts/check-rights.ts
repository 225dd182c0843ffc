import { script } from './script.ts';

/**
 * Runs each command of the scripts once, on keys and a channel that nothing else uses. An engine may refuse some to this user, or not
 * know them.
 *
 * KEYS: a text, a hash, a set. ARGV: the channel. Answers which commands it refused.
 */
export const checkRights = script(
  'check-rights',
  `
local text, hash, set = unpack(KEYS)
local refused = {}
for _, call in ipairs({
  {'time'}, {'set', text, '1', 'PX', '1000'}, {'get', text}, {'exists', text}, {'expire', text, '1'}, {'del', text},
  {'hset', hash, 'a', '1'}, {'hsetnx', hash, 'a', '1'}, {'hget', hash, 'a'}, {'hexists', hash, 'a'}, {'hlen', hash},
  {'hgetall', hash}, {'hkeys', hash}, {'hvals', hash}, {'hscan', hash, '0'}, {'hdel', hash, 'a'},
  {'sadd', set, 'a'}, {'sismember', set, 'a'}, {'srem', set, 'a'},
  {'publish', ARGV[1], ''},
}) do
  local reply = redis.pcall(unpack(call))
  local mistake = type(reply) == 'table' and reply.err or ''
  for _, words in ipairs({'NOPERM', 'The user executing the script', 'ACL failure', 'nknown'}) do
    if string.find(mistake, words, 1, true) then refused[#refused + 1] = call[1] break end
  end
end
return refused`,
);
