import rhea from 'rhea';
import type { AmqpConnection } from '../amqp-connection.ts';
import { type ScriptedPeer } from './index.ts';

export const patient = { creditWaitMs: 5_000, outcomeTimeoutMs: 5_000 };

export const bytes = (id: string | number): Uint8Array =>
  rhea.message.encode({ message_id: String(id), body: 'x' });

export const idsAt = (peer: ScriptedPeer): unknown[] =>
  peer.received.map(({ message }) => message.message_id);

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

/** Resolves once the connection has read all that the peer sent before: what it answers to another link comes behind that. */
export async function untilRead(
  peer: ScriptedPeer,
  connection: Pick<AmqpConnection, 'openSender'>,
): Promise<void> {
  peer.credit = 1;
  await connection.openSender('behind', patient).send(bytes('behind'));
}
