import type { Random } from '@rollcall/core/environment';

/** 96 bits: no two senders have the same prefix, whether they run side by side or one after the other. */
const prefixBytes = 12;

/**
 * Ids of the messages of one sender. A network may drop a message whose id it has seen before, from any adapter and at any time
 * (`docs/hono-compatibility.md` §2): a counter alone begins again with each process.
 */
export function createMessageIds(random: Random): () => string {
  const prefix = Buffer.from(random.bytes(prefixBytes)).toString('base64url');
  let made = 0;
  return () => {
    made += 1;
    return `${prefix}-${made}`;
  };
}
