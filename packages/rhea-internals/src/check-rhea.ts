import { createRequire } from 'node:module';
import { ContractError } from '@rollcall/core';
import rhea from 'rhea';
import { internalsOf, modules } from './internals-of.ts';

/** The rhea that each member was looked up in. After an update: read what it does there, then change this. */
export const testedVersion = '3.0.5';

/** `optional`: rhea sets it later. A number: a function with as many parameters. */
type Member = 'number' | 'object' | 'boolean' | 'optional' | number;

/** What is expected of one of rhea's objects. */
interface Expected {
  readonly name: string;
  readonly object: object;
  readonly members: Readonly<Record<string, Member>>;
}

let checked = false;

/**
 * Looks, once in a process, whether the installed rhea has what is used of it beyond its typings. To be called before the first
 * connection: what is missing would fail in the middle of a conversation.
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
    `rhea ${installedVersion()} is not the rhea ${testedVersion} that this was written for: install ${testedVersion}`,
    ...problems,
  ].join('\n');
}

export function installedVersion(): string {
  const { version } = createRequire(import.meta.url)('rhea/package.json') as { readonly version: string };
  return version;
}

/** One of each of rhea's objects, that has no socket and sends nothing, and what is used of it. */
export function expectations(): readonly Expected[] {
  const container = rhea.create_container({ id: 'check' });
  const connection = container.create_connection();
  const session = connection.create_session();
  const sender = internalsOf(session).create_sender('check');
  const receiver = internalsOf(session).create_receiver('check');
  const { amqp_transport: transport, remote, local_channel_map: sessions } = internalsOf(connection);
  const { outgoing, incoming, local, remote: peersSession } = internalsOf(session);
  const server = new modules.sasl.Server(connection, {});
  const { transports } = new modules.sasl.Selective(connection, {});
  return [
    { name: 'container', object: container, members: { create_connection: 1, listen: 1, on: 2 } },
    {
      name: 'container.sasl_server_mechanisms',
      object: internalsOf(container).sasl_server_mechanisms,
      members: { enable_plain: 1, enable_anonymous: 0 },
    },
    {
      name: 'connection',
      object: connection,
      members: {
        amqp_transport: 'object',
        local_channel_map: 'object',
        remote_channel_map: 'object',
        remote: 'object',
        socket_ready: 'boolean',
        sasl_transport: 'optional',
        transport: 'object',
        open: 0,
        accept: 1,
        init: 1,
        idle: 0,
        output: 0,
        _register: 0,
        _process: 0,
      },
    },
    { name: 'connection.local_channel_map', object: sessions, members: { 0: 'object' } },
    { name: 'connection.amqp_transport', object: transport, members: { read: 1 } },
    { name: 'connection.remote', object: remote, members: {} },
    {
      name: 'session',
      object: session,
      members: {
        connection: 'object',
        local: 'object',
        remote: 'object',
        outgoing: 'object',
        incoming: 'object',
      },
    },
    { name: 'session.local', object: local, members: { channel: 'number' } },
    { name: 'session.remote', object: peersSession, members: { handles: 'object' } },
    {
      name: 'session.outgoing',
      object: outgoing,
      members: {
        window: 'number',
        next_delivery_id: 'number',
        next_pending_delivery: 'number',
        next_transfer_id: 'number',
        deliveries: 'object',
        available: 0,
        transfer_window: 0,
        compute_max_payload: 1,
        update: 3,
        on_disposition: 1,
        process: 0,
      },
    },
    ...(['outgoing', 'incoming'] as const).map((name) => ({
      name: `session.${name}.deliveries`,
      object: { outgoing, incoming }[name].deliveries,
      members: {
        capacity: 'number',
        size: 'number',
        available: 0,
        push: 1,
        pop_if: 1,
        get_head: 0,
        by_id: 1,
      } as const,
    })),
    {
      name: 'session.incoming',
      object: incoming,
      members: { updated: 'object', deliveries: 'object', update: 3, on_transfer: 2, process: 1 },
    },
    {
      name: 'sender',
      object: sender,
      members: {
        credit: 'number',
        delivery_count: 'number',
        session: 'object',
        local: 'object',
        has_credit: 0,
        snd_settle_mode: 'optional',
        set_source: 1,
        set_target: 1,
      },
    },
    { name: 'sender.local', object: internalsOf(sender).local, members: { handle: 'number' } },
    {
      name: 'receiver',
      object: receiver,
      members: {
        credit: 'number',
        delivery_count: 'number',
        session: 'object',
        drain: 'optional',
        set_source: 1,
        set_target: 1,
      },
    },
    {
      name: 'sasl.Server',
      object: server,
      members: {
        transport: 'object',
        mechanism: 'optional',
        on_sasl_init: 1,
        on_sasl_response: 1,
        do_fail: 1,
      },
    },
    { name: 'sasl.Selective.transports', object: transports, members: { 3: 'object' } },
    {
      name: 'types.Reader',
      object: modules.types.Reader.prototype,
      members: { remaining: 0, read_n: 1, read_array_items: 2 },
    },
    { name: 'message', object: modules.message, members: { decode: 1, released: 'optional' } },
    { name: 'message.released()', object: modules.message.released(), members: { described: 0 } },
  ];
}
