import type { IncomingMessage } from 'node:http';

/**
 * The body of a request whose connection broke, where all of it had arrived before and was not read yet: Node.js hands it on no
 * more. `undefined` where a part is missing.
 */
export function arrivedBody(request: IncomingMessage): Uint8Array | undefined {
  if (!request.complete) return undefined;
  const parts: Uint8Array[] = [];
  for (
    let part = request.read() as Uint8Array | null;
    part !== null;
    part = request.read() as Uint8Array | null
  )
    parts.push(part);
  return Buffer.concat(parts);
}
