import type { Log } from '@rollcall/core/environment';
import { forgetPeerBeingServed, peerBeingServed } from './served-peer.ts';

/**
 * Contains exceptions and rejections that nothing else caught: they end the connection of the peer that was being served. They come
 * from libraries that go on in their own timers, ticks and callbacks, where no other code can catch them.
 *
 * An exception that belongs to no peer ends the process, as it would without this net: the state that all peers share is in doubt
 * then, and no event may be made of it. A supervisor starts the process again, and the journal knows what was open.
 *
 * @param tellStack gets the stack of such an exception: the log may not be written any more.
 * @returns takes the net away.
 */
export function spreadLastNet(
  log: Log,
  tellStack: (stack: string) => unknown = (stack) => process.stderr.write(stack),
): () => void {
  function caught(error: unknown): void {
    const peer = peerBeingServed();
    forgetPeerBeingServed();
    if (peer) {
      peer.fail(error);
      return;
    }
    log.error({ err: error }, 'a mistake of ours that belongs to no peer: the process ends');
    tellStack(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
  process.on('uncaughtException', caught);
  process.on('unhandledRejection', caught);
  return () => {
    process.off('uncaughtException', caught);
    process.off('unhandledRejection', caught);
  };
}
