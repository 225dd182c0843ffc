import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { followPair, tlsListenerOf } from '@rollcall/adapter-kit/internal';
import type { Clock, Log } from '@rollcall/core/environment';
import type { FollowedFiles } from '@rollcall/file-follower';
import { createBoundedServer, listen, type Listening, type ListenOptions } from './bounded-server.ts';

/** Options of a port, by the values that they have. */
export interface HttpPortValues {
  /** 0: any free one. */
  readonly port: number;
  readonly bindAddress: string;
  /** With TLS if both are set. */
  readonly keyPath: string | undefined;
  readonly certPath: string | undefined;
  readonly secureProtocols: Parameters<typeof tlsListenerOf>[1]['secureProtocols'];
  readonly cipherSuites: Parameters<typeof tlsListenerOf>[1]['cipherSuites'];
  readonly maxConnections: number;
}

export interface HttpPortOptions {
  /** The name of the service in log lines and in the names of followed files. */
  readonly name: string;
  /** The section of its options, e.g. `PRESENCE`. */
  readonly section: string;
  readonly values: HttpPortValues;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: FollowedFiles;
  failed: ListenOptions['failed'];
  turnedAway: ListenOptions['turnedAway'];
}

/** Attaches a handler to the server and returns the server, as a routing library requires. */
export type Serve = (handler: (request: IncomingMessage, response: ServerResponse) => void) => Server;

/**
 * A port within bounds, with everything that is served on it. Its certificate may be replaced while it is open.
 *
 * @param createApp creates the app on the server that `serve` returns.
 * @throws ConfigError, TransportError
 */
export async function openHttpPort(
  { name, section, values, clock, log, files, failed, turnedAway }: HttpPortOptions,
  createApp: (serve: Serve) => Promise<{ readonly server: Server }>,
): Promise<Listening> {
  const tls = tlsListenerOf(section, values);
  const options = {
    name,
    host: values.bindAddress,
    port: values.port,
    ...(tls && { tls }),
    maxConnections: values.maxConnections,
    ...{ clock, log, failed, turnedAway },
  };
  const app = await createApp((serve) => createBoundedServer(options, serve));
  const listening = await listen(app.server, options);
  if (tls) followPair(name, tls, { clock, followFiles: files.follow }, (pair) => listening.use(pair));
  return listening;
}
