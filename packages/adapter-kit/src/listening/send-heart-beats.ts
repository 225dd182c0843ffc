import type { Duplex } from 'node:stream';
import { every, type Clock } from '@rollcall/core/environment';

/**
 * Sends heart-beats to a device, the first one `intervalMs` from now. They end with the socket, however that ends: nothing has to be
 * called then, and no timer is left that could keep the process running. Call it when the login is accepted.
 *
 * A device that does not read gets no more of them until it has read: what it is sent would only fill memory. A heart-beat says nothing
 * about the device: it is not a sign of life, and not to be reported to the tracker.
 *
 * @param beat writes one to the socket.
 * @returns ends them before the socket does, for a session that is over. It may be called again.
 */
export function sendHeartBeats(
  socket: Duplex,
  clock: Clock,
  intervalMs: number,
  beat: () => void,
): () => void {
  // It may have closed before its session began.
  if (socket.closed || !socket.writable) return () => {};
  const end = every(clock, intervalMs, () => {
    if (!socket.writable) end();
    else if (!socket.writableNeedDrain) beat();
  });
  socket.once('close', end);
  return () => {
    socket.off('close', end);
    end();
  };
}
