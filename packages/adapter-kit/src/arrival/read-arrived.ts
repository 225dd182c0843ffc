import type { Readable } from 'node:stream';

/**
 * What arrives on a network connection, to its last byte: also what had arrived when the connection broke, which the iterator of
 * a stream would drop. Ends without an error; the events of the stream say how it ended.
 */
export async function* readArrived(stream: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  let wake = (): void => {};
  const look = (): void => wake();
  for (const event of ['readable', 'end', 'error', 'close']) stream.on(event, look);
  try {
    for (;;) {
      const bytes = stream.read() as Uint8Array | null;
      if (bytes !== null) yield bytes;
      else if (stream.readableEnded || stream.destroyed) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    // The listener for errors stays: there may be one more.
    for (const event of ['readable', 'end', 'close']) stream.off(event, look);
  }
}
