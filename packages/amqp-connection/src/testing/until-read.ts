import rhea from 'rhea';
import type { AmqpConnection } from '../amqp-connection.ts';
import type { ScriptedPeer } from './scripted-peer.ts';

const waits = { creditWaitMs: 600_000, outcomeTimeoutMs: 600_000 };

/** Resolves once the connection has read all that the peer sent before: what the peer answers to another link comes behind that. */
export async function untilRead(
  peer: ScriptedPeer,
  connection: Pick<AmqpConnection, 'openSender'>,
): Promise<void> {
  peer.credit = 1;
  const behind = connection.openSender('behind', waits);
  await behind.send(rhea.message.encode({ body: 'behind' }), { awaitOutcome: false });
}
