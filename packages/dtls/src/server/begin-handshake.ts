import { curveOf } from '../crypto/named-curve.ts';
import { alertMessage } from '../wire/alert.ts';
import { contentType } from '../wire/content-type.ts';
import { Malformed } from '../wire/malformed.ts';
import { plainRecord } from '../wire/record.ts';
import type { HandshakeFailure } from './counters.ts';
import type { ReceivedHello } from './hello-verifier.ts';
import type { HandshakeHost } from './handshake-contract.ts';
import { startHandshake } from './handshake.ts';
import { canResume, negotiate } from './negotiate.ts';
import { currentCertificate } from './current-certificate.ts';
import type { Pending } from './pending-handshakes.ts';
import type { Session } from './session-cache.ts';

export interface BeginOptions<P> {
  readonly host: HandshakeHost<P>;
  /** Whether the handshake was given up in the meantime. */
  isOver(): boolean;
  newConnectionId(): Buffer;
  onFailed(failure: HandshakeFailure): void;
}

/** Decides what a ClientHello leads to: an earlier session, a new one, or a refusal. @throws Malformed */
export function beginHandshake<P>(pending: Pending, received: ReceivedHello, options: BeginOptions<P>): void {
  const { host } = options;
  const { settings, sessions, counters } = host;
  const { hello } = received;
  const known = hello.sessionId.length > 0 ? sessions.get(hello.sessionId) : undefined;
  const session = known && canResume(hello, known) ? known : undefined;
  if (session === undefined || settings.mayResume === undefined) begin(session);
  else {
    pending.state = { name: 'asking-whether-to-resume' };
    ask(session, settings.mayResume).catch((error: unknown) => host.onThrown(error));
  }

  async function ask(asked: Session<P>, mayResume: (principal: P) => Promise<boolean>): Promise<void> {
    let may = false;
    try {
      may = await mayResume(asked.principal);
      if (!may) sessions.forget(asked.id);
    } catch {
      // The client then authenticates again in a full handshake. The session stays for a later attempt.
      counters.lookupFailures++;
    }
    if (options.isOver()) return;
    try {
      begin(may ? asked : undefined);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      host.drop('malformed');
    }
  }

  function begin(resumed: Session<P> | undefined): void {
    const certificate = currentCertificate(settings);
    const offer = {
      cipherSuites: settings.cipherSuites,
      connectionIds: settings.connectionIdBytes > 0,
      certificateCurve: certificate && curveOf(certificate.key),
    };
    const terms = negotiate(hello, offer, resumed?.cipherSuite);
    const { recordSequence, messageSequence } = received;
    if ('refusal' in terms) {
      host.send(plainRecord(contentType.alert, recordSequence, alertMessage('fatal', terms.refusal)));
      options.onFailed(terms.reason);
      return;
    }
    const handshake = startHandshake({
      host,
      peer: pending.peer,
      hello,
      helloMessage: received.message,
      recordSequence,
      messageSequence,
      terms,
      certificate,
      session: resumed,
      connectionId: terms.clientConnectionId ? options.newConnectionId() : Buffer.alloc(0),
    });
    pending.state = { name: 'under-way', handshake };
  }
}
