import type { Log } from '@rollcall/core';
import { forgetPeerBeingServed, peerBeingServed } from './served-peer.ts';

/**
 * What nobody caught, be it thrown or a rejection, costs the peer alone that was being served: its connection ends, and whatever it
 * had under way with it. Libraries go on in timers, ticks and callbacks of their own, where nobody else can catch anything.
 *
 * What belongs to no peer ends the process, as without this net: then the state that all peers share is in doubt, and no event must
 * be made of it. Whoever supervises the process starts it anew, and the journal knows what was open.
 *
 * @param tellStack where to: the log may not be written any more.
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
    log.error({ err: error }, 'a mistake of ours that concerns everybody: the process ends');
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
