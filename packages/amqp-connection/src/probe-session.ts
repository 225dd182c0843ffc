import type { Dialled } from './dial.ts';
import { expectAnswer } from './expect-answer.ts';
import type { LinkHost } from './link-host.ts';

/** Connections whose peer was asked for another session, and has not answered yet. */
const probed = new WeakSet<Dialled>();

/**
 * Begins another session, and hangs up if the peer does not answer that. A broker that loses a session because of a full queue may
 * read nothing any more on the whole connection, though its socket stays open (RabbitMQ 3.10): if it does not answer a second
 * `begin` either, the broker hangs, and is not just slow.
 */
export function probeSession(host: LinkHost, connection: Dialled): void {
  if (probed.has(connection)) return;
  const probe = connection.openSession();
  if (!probe) return;
  probed.add(connection);
  const answered = expectAnswer(host, connection, 'no session is begun any more');
  probe.session.once('session_open', () => {
    answered();
    probed.delete(connection);
    probe.session.close();
  });
}
