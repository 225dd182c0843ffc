import type { Duplex } from 'node:stream';
import { later, type Clock } from '@rollcall/core/environment';

/** How long a device may take to read its last answer, and to close. */
const closeWithinMs = 1_000;

/** Destroys a socket that was ended and does not close within a second. */
export function destroyUnlessClosed(socket: Duplex, clock: Clock): void {
  if (socket.closed) return;
  const disarm = clock.at(later(clock.monotonic(), closeWithinMs), () => socket.destroy());
  socket.once('close', disarm);
}
