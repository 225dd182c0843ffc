import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { servedPeer } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import { boundDispositions, internalsOf, silence } from '@rollcall/rhea-internals';
import { boundReader, containDialled, hearBeforeSilence } from '@rollcall/rhea-internals/client';
import rhea from 'rhea';
import { Connection } from 'rhea-promise';
import { amqpErrorOf, amqpErrorText } from './amqp-error.ts';
import { defaultTimings, peerNameOf, type AmqpConnectionOptions } from './options.ts';
import { openWindow, type OutgoingWindow } from './outgoing-window.ts';
import { saslMechanisms } from './sasl-mechanisms.ts';
import { createStallWatch, type StallWatch } from './stall-watch.ts';
import { writeTransfersTogether } from './transfers-together.ts';

boundReader();
boundDispositions();

/** A session, ready to send on. */
interface OpenSession {
  /** Links are opened on rhea's own session: see attach-sender.ts. */
  readonly session: rhea.Session;
  readonly window: OutgoingWindow;
  readonly stall: StallWatch;
}

/** One connection that was opened, with the session that its links share. It ends, and then another one is dialled. */
export interface Dialled extends OpenSession {
  /** Resolves with the cause once the connection, or its session, is gone. */
  readonly lost: Promise<string>;
  /** Resolves once the socket is closed. */
  readonly closed: Promise<void>;
  /** Ends the connection: with a close or, if the peer may no longer listen, by cutting it. */
  hangUp(politely: boolean, cause: string): void;
  /** Begins another session; `undefined` if the peer allows no more of them. */
  openSession(): OpenSession | undefined;
}

/** How long a peer may take to answer our close. */
const closeTimeoutMs = 1_000;

/**
 * Opens a connection and a session on it.
 *
 * @param patience the clock for time-outs of the peer: it stops while this process stands still.
 * @param failed called with an error that is thrown while this connection is served; the error ends the connection.
 * @throws if that fails, takes too long, or `signal` aborts.
 */
export async function dial(
  options: AmqpConnectionOptions,
  patience: Clock,
  failed: (where: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<Dialled> {
  const { connectTimeoutMs = defaultTimings.connectTimeoutMs } = options;
  const raw = createRawConnection(options);
  const connection = new Connection({
    rheaConnection: raw,
    container: { id: raw.options.id } as never,
    // Longer than our own time limits, which count.
    operationTimeoutInSeconds: (2 * connectTimeoutMs) / 1_000,
  });

  // With an error, so that rhea notices and stops its timers.
  const cut = (cause: string): void => void internalsOf(raw).socket?.destroy(new TransportError(cause));
  containDialled(
    raw,
    servedPeer(peerNameOf(options), failed, () => cut('it could not be served')),
  );
  // rhea does not read on after it, and rhea-promise throws an `error` out of a timer where there is no listener.
  const malformed = (): void => cut(`the ${peerNameOf(options)} said what is no AMQP`);
  for (const event of ['error', 'protocol_error']) {
    connection.on(event as never, malformed);
    raw.container.on(event, malformed);
  }
  hearBeforeSilence(raw, patience);
  const abort = (): void => cut('connection is closed');
  const disarm = patience.at(later(patience.monotonic(), connectTimeoutMs), () =>
    cut(`no answer within ${connectTimeoutMs} ms`),
  );
  signal.addEventListener('abort', abort, { once: true });
  try {
    await connection.open();
    const { socket } = internalsOf(raw);
    const closed = new Promise<void>((resolve) => {
      if (!socket || socket.closed) resolve();
      else socket.once('close', () => resolve());
    });
    await connection.createSession();
    const session = Object.values(internalsOf(raw).local_channel_map)[0];
    if (!session) throw new TransportError('no session');
    const lost = whenLost(raw, session);
    if (!session.is_open()) throw new TransportError(`session ended at once: ${describe(session.error)}`);
    const ready = (begun: rhea.Session): OpenSession => {
      writeTransfersTogether(internalsOf(begun));
      const stall = createStallWatch(patience);
      return { session: begun, window: openWindow(begun, () => stall.heard()), stall };
    };
    return {
      ...ready(session),
      lost,
      closed,
      hangUp(politely, cause) {
        if (!politely || !raw.is_open()) return cut(cause);
        raw.close();
        const disarmCut = patience.at(later(patience.monotonic(), closeTimeoutMs), () => cut(cause));
        void closed.then(disarmCut);
      },
      openSession() {
        if (!hasFreeChannel(raw)) return undefined;
        const another = raw.create_session();
        another.begin();
        return ready(another);
      },
    };
  } catch (error) {
    cut('not opened');
    throw error;
  } finally {
    disarm();
    signal.removeEventListener('abort', abort);
  }
}

function createRawConnection(options: AmqpConnectionOptions): rhea.Connection {
  const container = rhea.create_container();
  // The container's listeners stay when rhea-promise takes those of a connection away.
  silence(container);
  return internalsOf(container).create_connection(connectionOptions(options));
}

function whenLost(raw: rhea.Connection, session: rhea.Session): Promise<string> {
  return new Promise((resolve) => {
    raw.once('disconnected', (context) => resolve(describe(context.error ?? raw.error)));
    raw.once('connection_close', (context) => resolve(describe(context.connection.error)));
    // Listens to the session, not the connection: a session with its own listener, like rhea-promise's, does not pass events on.
    session.once('session_close', () => resolve(describe(session.error)));
  });
}

/** rhea takes the lowest free channel, and does not ask whether the peer allows it (AMQP 1.0 §2.7.1). */
function hasFreeChannel(connection: rhea.Connection): boolean {
  const { local_channel_map: taken, remote } = internalsOf(connection);
  return Object.keys(taken).length <= (remote.open?.channel_max ?? 65_535);
}

function connectionOptions(options: AmqpConnectionOptions): object {
  const { host, port, tls, username, password, amqpHostname, saslHostname = amqpHostname } = options;
  const { idleTimeoutMs = defaultTimings.idleTimeoutMs } = options;
  const shared = {
    host,
    port,
    container_id: `${options.containerName}-${randomUUID()}`,
    hostname: amqpHostname ?? host,
    reconnect: false,
    // rhea gives up after twice what it announces, as §2.4.5 recommends.
    idle_time_out: idleTimeoutMs / 2,
    // Without it our small dispositions and flows would wait for the peer's delayed acknowledgement.
    tcp_no_delay: true,
    sasl_mechanisms: saslMechanisms({
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(options.authorizationId !== undefined && { authorizationId: options.authorizationId }),
      certificate: tls?.cert !== undefined,
    }),
    ...(saslHostname !== undefined && { sasl_init_hostname: saslHostname }),
  };
  if (!tls) return shared;
  return {
    ...shared,
    transport: 'tls',
    // Server Name Indication allows no addresses (RFC 6066 §3).
    servername: isIP(host) === 0 ? host : '',
    rejectUnauthorized: true,
    ...(tls.choice ?? { minVersion: 'TLSv1.2' }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
    ...(!tls.hostnameVerification && { checkServerIdentity: () => undefined }),
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : amqpErrorText(amqpErrorOf(error), 'closed');
}
