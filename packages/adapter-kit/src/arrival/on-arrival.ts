import type { Readable } from 'node:stream';

/**
 * Reports bytes when they arrive, and not when their turn comes: a protocol library may read no further while it handles what
 * came before. Of a TLS connection it reports what was decrypted. What waits already, unread, is reported at once.
 *
 * Bytes that a full stream leaves in the operating system have not arrived yet: how much is buffered stays bounded.
 *
 * @param listener must not throw, and must not change the bytes: others read them later.
 * @param onEnd told when the end of the stream arrives; others read it behind what came before.
 */
export function onArrival(
  stream: Readable,
  listener: (bytes: Uint8Array) => void,
  onEnd = (): void => {},
): void {
  const waiting = stream.readableLength > 0 ? (stream.read() as Uint8Array | null) : null;
  if (waiting) {
    listener(waiting);
    stream.unshift(waiting);
  }
  // Every source of a stream hands its bytes over by `push`; `null` is their end.
  const push = stream.push.bind(stream);
  stream.push = (bytes: Uint8Array | null, encoding?: BufferEncoding) => {
    if (bytes === null) onEnd();
    else listener(bytes);
    return push(bytes, encoding);
  };
}
