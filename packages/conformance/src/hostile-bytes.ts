import { once } from 'node:events';
import { connect } from 'node:net';
import { loopbackSources } from './loopback.ts';
import type { seededRandom } from './seeded-random.ts';

type SeededRandom = ReturnType<typeof seededRandom>;

/** The bytes of a conversation, some of them changed, cut off, repeated or random. */
export function mutated(messages: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  const from = random.pick(8) === 0 ? random.pick(messages.length) : 0;
  const bytes = Buffer.concat(messages.slice(from));
  for (let i = random.pick(6); i > 0; i--) bytes[random.pick(bytes.length)] = random.pick(256);
  const cut = random.pick(3) === 0 ? bytes.subarray(0, random.pick(bytes.length)) : bytes;
  return random.pick(5) === 0 ? Buffer.concat([cut, random.bytes(random.pick(200)), cut]) : cut;
}

/**
 * Sends bytes to a loopback port in pieces of any size, from any loopback address. It may read the answers or not, and ends the
 * connection in any way: with an end, by dropping the socket, or with a reset.
 */
export async function sendInPieces(
  port: number,
  bytes: Uint8Array,
  random: SeededRandom,
  host = '127.0.0.1',
): Promise<void> {
  const sources = loopbackSources(host);
  const socket = connect({ port, host, localAddress: sources[random.pick(sources.length)] ?? host });
  socket.on('error', () => {});
  if (random.pick(4) > 0) socket.resume();
  await once(socket, 'connect');
  for (let at = 0; at < bytes.length && !socket.destroyed;) {
    const piece = 1 + random.pick(bytes.length);
    socket.write(bytes.subarray(at, at + piece));
    at += piece;
    if (random.pick(4) === 0) await turn();
  }
  for (let turns = random.pick(20); turns > 0; turns--) await turn();
  if (socket.destroyed) return;
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  const patience = setTimeout(() => socket.destroy(), 200);
  const leave = random.pick(3);
  if (leave === 0) socket.destroy();
  else if (leave === 1) socket.resetAndDestroy();
  else socket.resume().end();
  await closed;
  clearTimeout(patience);
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
