import type { IncomingMessage } from 'node:http';

/**
 * The body of a request all of which has arrived, and of which nothing was read yet: Node.js hands it on no more where the connection
 * broke. `undefined` where a part is missing.
 */
export function arrivedBody(request: IncomingMessage): Uint8Array | undefined {
  if (!request.complete) return undefined;
  // All that waits is read at once.
  return (request.read() as Uint8Array | null) ?? new Uint8Array();
}

/** Reads the body of a request. `too-large`: it is longer, and is not read to its end. `broken`: its connection ended before it did. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | 'too-large' | 'broken'> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    // Else the connection would be destroyed with the request, and the answer with it.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      length += part.byteLength;
      if (length > maxBytes) return 'too-large';
      parts.push(part);
    }
  } catch {
    return 'broken';
  }
  return Buffer.concat(parts, length);
}
