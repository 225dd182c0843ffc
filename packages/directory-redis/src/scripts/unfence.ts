import { script } from './script.ts';

/** An incarnation that has been dead for long is forgotten. KEYS: the fenced. ARGV: incarnation. */
export const unfence = script('unfence', `return redis.call('SREM', KEYS[1], ARGV[1])`);
