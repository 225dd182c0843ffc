import type rhea from 'rhea';

/**
 * Keeps rhea from watching for silence by itself, for servers that do so: `onFrame` tells of what they hear. rhea sets a timer with
 * each read, and forgets to end the one before where the read is answered at once. It would hold all there is of a connection for a
 * minute after its end: a flood of logins would fill the heap.
 *
 * @param connection before it is given a socket.
 */
export function forgoSilenceTimer(connection: rhea.Connection): void {
  Object.defineProperty(connection, 'heartbeat_in', {
    // Anything but `undefined`, for which rhea sets it with each write too.
    get: () => null,
    set(timer: NodeJS.Timeout | undefined) {
      clearTimeout(timer);
    },
  });
}
