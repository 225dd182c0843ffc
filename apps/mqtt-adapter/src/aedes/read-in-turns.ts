import type { Readable } from 'node:stream';

/** Of one connection in one turn of the event loop. The shortest packets have two bytes. */
export const bytesPerTurn = 4_096;

/**
 * aedes parses all that it reads, and handles it, in one turn: thirty thousand packets fit into the 64 kB that a socket reads at
 * once, and no other device would be served for hundreds of milliseconds. From now on it gets a part of it, and is called again in the
 * next turn. It reads with `null` for a size; a read without one gets everything.
 */
export function readInTurns(stream: Readable): void {
  const read = stream.read.bind(stream) as (size?: number | null) => unknown;
  let left = bytesPerTurn;
  let next: NodeJS.Immediate | undefined;

  function nextTurn(): void {
    next = undefined;
    left = bytesPerTurn;
    if (!stream.destroyed && stream.readableLength > 0) stream.emit('readable');
  }

  stream.read = (size?: number | null) => {
    if (size !== null || stream.readableLength === 0) return read(size);
    next ??= setImmediate(nextTurn);
    if (left === 0) return null;
    const part = Math.min(left, stream.readableLength);
    left -= part;
    return read(part);
  };
}
