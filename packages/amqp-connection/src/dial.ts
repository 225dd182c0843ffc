import { randomUUID } from 'node:crypto';
import rhea from 'rhea';
import { Connection, type Session } from 'rhea-promise';
import { defaultTimings, type AmqpConnectionOptions } from './options.ts';
import { saslMechanisms } from './sasl-mechanisms.ts';

/** One connection that was opened, with its one session. It ends, and then another one is dialled. */
export interface Dialled {
  readonly connection: Connection;
  readonly session: Session;
  /** rhea's own session: its windows are not visible through rhea-promise. */
  readonly rawSession: rhea.Session;
  /** Resolves with the cause once the connection, or its session, is gone. */
  readonly lost: Promise<string>;
  /** Ends the connection: with a close, or, where the peer may no longer listen, by cutting it. */
  hangUp(politely: boolean): void;
  /** Collects what is written in the current tick into one system call. */
  cork(): void;
}

/** Opens a connection and a session on it. @throws where that fails or takes too long. */
export async function dial(options: AmqpConnectionOptions): Promise<Dialled> {
  const rheaContainer = rhea.create_container();
  // Where nobody listens, rhea throws out of its socket callbacks or prints; the promises below say the same. The
  // container's listeners stay when rhea-promise takes those of a connection away.
  for (const event of ['error', 'protocol_error', 'connection_error', 'session_error', 'disconnected'])
    rheaContainer.on(event, () => {});
  const raw = rheaContainer.create_connection(connectionOptions(options));
  const container = { id: raw.options.id } as never;
  const connection = new Connection({
    rheaConnection: raw,
    container,
    operationTimeoutInSeconds: (options.connectTimeoutMs ?? defaultTimings.connectTimeoutMs) / 1_000,
  });
  let markCut = (_cause: string): void => {};
  const lost = new Promise<string>((resolve) => {
    markCut = resolve;
    const describe = (error: unknown): string =>
      error instanceof Error ? error.message : describeCondition(error);
    raw.once('disconnected', (context) => resolve(describe(context.error ?? raw.error)));
    raw.once('connection_close', (context) => resolve(describe(context.connection.error)));
    raw.once('session_close', (context) => resolve(describe(context.session?.error)));
  });
  const hangUp = (politely: boolean): void => {
    if (politely && raw.is_open()) raw.close();
    // A socket that the peer does not read any more would keep the process alive.
    else socketOf(raw)?.destroy();
  };
  try {
    await connection.open();
    const session = await connection.createSession();
    // rhea hears of a socket that the peer ends, and not of one that is destroyed on this side.
    socketOf(raw)?.once('close', () => markCut('closed'));
    const rawSession = Object.values(
      (raw as unknown as { local_channel_map: Record<string, rhea.Session> }).local_channel_map,
    )[0] as rhea.Session;
    return { connection, session, rawSession, lost, hangUp, cork: () => corkSocket(raw) };
  } catch (error) {
    hangUp(false);
    throw error;
  }
}

function connectionOptions(options: AmqpConnectionOptions): rhea.ConnectionOptions {
  const { host, port, tls } = options;
  const shared = {
    host,
    port,
    container_id: `${options.containerName}-${randomUUID()}`,
    hostname: options.amqpHostname ?? host,
    reconnect: false,
    idle_time_out: options.idleTimeoutMs ?? defaultTimings.idleTimeoutMs,
    // Without it the small dispositions and flows of this side wait for the peer's delayed acknowledgement.
    tcp_no_delay: true,
    sasl_mechanisms: saslMechanisms({
      ...(options.username !== undefined && { username: options.username }),
      ...(options.password !== undefined && { password: options.password }),
      certificate: tls?.cert !== undefined,
    }),
    ...(options.amqpHostname !== undefined && { sasl_init_hostname: options.amqpHostname }),
  };
  if (!tls) return shared;
  return {
    ...shared,
    transport: 'tls',
    servername: /^[\d.]+$|:/.test(host) ? '' : host,
    rejectUnauthorized: true,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
    ...(!tls.hostnameVerification && { checkServerIdentity: () => undefined }),
  } as unknown as rhea.ConnectionOptions;
}

interface RawSocket {
  cork(): void;
  uncork(): void;
  destroy(): void;
  once(event: 'close', listener: () => void): void;
}

/** rhea does not declare its socket. */
function socketOf(connection: rhea.Connection): RawSocket | undefined {
  return (connection as unknown as { socket?: RawSocket }).socket;
}

/** rhea writes what was sent in a `nextTick` that was queued before ours: then the socket is uncorked. */
function corkSocket(connection: rhea.Connection): void {
  const socket = socketOf(connection);
  if (!socket) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

function describeCondition(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'connection lost';
  const { condition, description } = error as { condition?: unknown; description?: unknown };
  return (
    [condition, description].filter((part) => typeof part === 'string' && part !== '').join(': ') ||
    'connection lost'
  );
}
