import type rhea from 'rhea';
import { internalsOf, modules } from './internals-of.ts';

/** How an exchange ends: with success, with wrong credentials, or without a decision because of a failure of ours. */
export type SaslOutcome = 'ok' | 'auth' | 'sys-temp';

/** By name, in the order of preference. */
export type SaslMechanisms = Readonly<
  Record<string, (response: Uint8Array | undefined) => Promise<SaslOutcome>>
>;

/** Why an exchange failed before any mechanism was asked. */
type SaslMistake = 'mechanism-not-offered';

/** A SASL frame with a `sasl-outcome` of code 4, sys-temp (AMQP 1.0 §5.3.3.6): rhea knows to write 0, 1 and 2 alone. */
const temporaryFailure = Uint8Array.from([
  0, 0, 0, 16, 2, 1, 0, 0, 0, 0x53, 0x44, 0xc0, 0x03, 0x01, 0x50, 0x04,
]);

/**
 * Lets a peer talk to rhea once one of these mechanisms, and no other, has succeeded. The peer has one try.
 *
 * rhea's own ways are not for devices: mechanisms of the container are shared by all connections, and where there are none,
 * every peer is let in.
 *
 * @param failed called when an outcome other than `ok` was written: close the connection. `mistake` is absent where a mechanism decided.
 */
export function serveSasl(
  connection: rhea.Connection,
  socket: { write(bytes: Uint8Array): unknown; destroy(): void },
  mechanisms: SaslMechanisms,
  failed: (mistake?: SaslMistake) => void,
): void {
  const internals = internalsOf(connection);
  internals.accept(socket);
  const server = new modules.sasl.Server(
    connection,
    Object.fromEntries(
      Object.entries(mechanisms).map(([name, verify]) => [name, () => exchange(verify, () => failed())]),
    ),
  );
  const begin = server.on_sasl_init.bind(server);
  server.on_sasl_init = (frame) => {
    begin(frame);
    if (server.mechanism === undefined) failed('mechanism-not-offered');
  };
  // No mechanism has a second step: a peer that sends one gets no answer.
  server.on_sasl_response = () => socket.destroy();
  server.do_fail = () => {
    // rhea calls it where a promise was rejected, and does not catch what a broken socket throws.
    try {
      socket.write(temporaryFailure);
    } catch {
      socket.destroy();
    }
    failed();
  };
  internals.sasl_transport = server;
  internals.transport = server;
}

/** A mechanism as rhea sees it: it looks at `outcome` once `start` is done, and calls `do_fail` where that rejects. */
function exchange(verify: SaslMechanisms[string], failed: () => void): object {
  const state = {
    outcome: undefined as boolean | undefined,
    async start(response: Uint8Array | undefined) {
      const outcome = await verify(response);
      if (outcome === 'sys-temp') throw new Error(outcome);
      state.outcome = outcome === 'ok';
      if (!state.outcome) failed();
    },
  };
  return state;
}

/** Whether SASL has succeeded, on a connection that was accepted. */
export function saslIsDone(connection: rhea.Connection): boolean {
  const { sasl_transport: sasl } = internalsOf(connection);
  return (sasl?.transports?.[3] ?? sasl)?.transport?.read_complete === true;
}
