import { script } from './script.ts';

/** Replaces the record of a connection that is still owed. KEYS: what the incarnation is owed, the fenced. ARGV: incarnation, connection, record. */
export const noteRecord = script(
  'note-record',
  `
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 2 end
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1`,
);
