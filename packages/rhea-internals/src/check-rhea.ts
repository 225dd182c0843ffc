import { ContractError } from '@rollcall/core/internal';
import rhea from 'rhea';
import manifest from 'rhea/package.json' with { type: 'json' };
import { internalsOf, modules } from './internals-of.ts';
import { rheaMembers, type Member } from './rhea-members.ts';

/** The version of rhea in which each member was looked up. Before an update, read what the new one does there. */
export const testedVersion = '3.0.5';

/** What is expected of one of rhea's objects. */
interface Expected {
  readonly name: string;
  readonly object: object;
  readonly members: Readonly<Record<string, Member>>;
}

let checked = false;

/**
 * Checks, once in a process, that the installed rhea has what is used of it beyond its typings. Call it before the first
 * connection: a missing member would fail in the middle of a conversation.
 *
 * @throws ContractError that names what is not as expected.
 */
export function checkRhea(): void {
  if (checked) return;
  const problems = problemsOf(expectations());
  if (problems.length > 0) throw new ContractError(explain(problems));
  checked = true;
}

/** What is not as expected, one a line. */
export function problemsOf(expected: readonly Expected[]): readonly string[] {
  return expected.flatMap(({ name, object, members }) =>
    Object.entries(members).flatMap(([member, kind]) => {
      const wrong = wrongIn(object, member, kind);
      return wrong === undefined ? [] : [`${name}.${member} ${wrong}`];
    }),
  );
}

function wrongIn(object: object, member: string, kind: Member): string | undefined {
  if (!(member in object)) return 'is gone';
  const value: unknown = Reflect.get(object, member);
  if (kind === 'optional') return undefined;
  if (typeof kind !== 'number')
    return typeof value === kind && value !== null ? undefined : `is no ${kind} any more`;
  if (typeof value !== 'function') return 'is no function any more';
  return value.length === kind ? undefined : `takes ${value.length} arguments, not ${kind}`;
}

export function explain(problems: readonly string[]): string {
  return [
    `rhea ${installedVersion} is not the rhea ${testedVersion} that this was written for: install ${testedVersion}`,
    ...problems,
  ].join('\n');
}

export const installedVersion: string = manifest.version;

/** One of each of rhea's objects, without a socket, so that it sends nothing; and what is used of it. */
export function expectations(): readonly Expected[] {
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
