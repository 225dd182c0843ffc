import { requireMembers, type ExpectedMembers } from '@rollcall/runtime/library-members';
import rhea from 'rhea';
import manifest from 'rhea/package.json' with { type: 'json' };
import { internalsOf, modules } from './internals-of.ts';
import { rheaMembers } from './rhea-members.ts';

/** The version of rhea in which each member was looked up. Before an update, read what the new one does there. */
export const testedVersion = '3.0.5';

let checked = false;

/**
 * Checks, once in a process, that the installed rhea has what is used of it beyond its typings. Call it before the first
 * connection: a missing member would fail in the middle of a conversation.
 *
 * @throws ContractError that names what is not as expected.
 */
export function checkRhea(): void {
  if (checked) return;
  requireMembers(`rhea ${testedVersion}`, expectations());
  checked = true;
}

export const installedVersion: string = manifest.version;

/** One of each of rhea's objects, without a socket, so that it sends nothing; and what is used of it. */
export function expectations(): readonly ExpectedMembers[] {
  return Object.entries(objects()).map(([name, object]) => ({
    name,
    object,
    members: rheaMembers[name as keyof typeof rheaMembers],
  }));
}

function objects(): Readonly<Record<keyof typeof rheaMembers, object>> {
  const container = rhea.create_container({ id: 'check' });
  const connection = container.create_connection();
  const session = connection.create_session();
  const sender = internalsOf(session).create_sender('check');
  const receiver = internalsOf(session).create_receiver('check');
  const { amqp_transport: transport, local_channel_map: sessions } = internalsOf(connection);
  const { outgoing, incoming, local, remote } = internalsOf(session);
  return {
    container,
    'container.sasl_server_mechanisms': internalsOf(container).sasl_server_mechanisms,
    connection,
    'connection.local_channel_map': sessions,
    'connection.amqp_transport': transport,
    session,
    'session.local': local,
    'session.local.begin': local.begin,
    'session.remote': remote,
    'session.outgoing': outgoing,
    'session.outgoing.deliveries': outgoing.deliveries,
    'session.incoming': incoming,
    'session.incoming.deliveries': incoming.deliveries,
    sender,
    'sender.local': internalsOf(sender).local,
    receiver,
    'receiver.local': internalsOf(receiver).local,
    'sasl.Server': new modules.sasl.Server(connection, {}),
    'sasl.Selective.transports': new modules.sasl.Selective(connection, {}).transports,
    'types.Reader': modules.types.Reader.prototype,
    message: modules.message,
    'message.accepted()': modules.message.accepted(),
    'message.released()': modules.message.released(),
  };
}
