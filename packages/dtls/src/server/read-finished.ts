import { isFinished } from '../crypto/key-schedule.ts';
import { handshakeMessage, readFragments } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';

/**
 * What a protected message of a client is, where its Finished comes next.
 *
 * @param said the messages of both sides before it.
 * @returns the Finished as it enters the transcript; `wrong` where the client did not say what we heard, or has another secret.
 */
export function readFinished(
  bytes: Buffer,
  master: Uint8Array,
  said: readonly Buffer[],
): Buffer | 'not-finished' | 'wrong' {
  const [message] = readFragments(bytes);
  if (message?.type !== handshakeType.finished || message.bytes.length !== message.length)
    return 'not-finished';
  if (!isFinished(message.bytes, master, 'client', said)) return 'wrong';
  return handshakeMessage(message.type, message.sequence, message.bytes);
}
