import type rhea from 'rhea';

/**
 * Keeps rhea from watching for silence itself, for servers that do so, with `onFrame` of the frame guard. rhea sets a timer at each
 * read, and does not clear the one before if it answers the read at once. That timer would hold a connection in memory for a minute
 * after its end: a flood of logins would fill the heap.
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
