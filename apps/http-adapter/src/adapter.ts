import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import {
  bind,
  createLeaseBook,
  tlsServerOptions,
  type AdapterHost,
  type LeaseSettings,
  type ListenAddress,
  type Listener,
  type Listeners,
  type ProtocolAdapter,
  type RunningProtocol,
  type TlsListener,
} from '@rollcall/adapter-kit';
import { sleep } from '@rollcall/core';
import fastify from 'fastify';
import { leaseProtocol } from './lease-protocol.ts';
import { createPendingRequests } from './pending-requests.ts';
import { registerRoutes, type RouteContext } from './routes.ts';
import { describeError, sendError } from './send-error.ts';

export interface HttpAdapterOptions extends Listeners {
  readonly maxPayloadBytes: number;
  /** Silence after which a network connection is closed; 0: never. */
  readonly idleTimeoutMs: number;
  /** Time within which a request must have arrived, head and body. */
  readonly requestTimeoutMs: number;
  /** What a device without credentials is told. */
  readonly realm: string;
  readonly allowedOrigin: '*' | RegExp;
  readonly lease: LeaseSettings;
  /** Whether devices are disconnected when the adapter stops; else their leases live on. */
  readonly endLeasesAtShutdown: boolean;
  /** Network connections open at a time. */
  readonly maxSockets?: number;
}

/** Names of devices and tenants in paths, percent-encoded. */
const maxParameterLength = 1_024;
const maxHeaderBytes = 8_192;
/** How long requests that were begun have to be answered when the adapter stops. */
const answerWithinMs = 2_000;

/** HTTP devices. When they are present is decided in `tracker.ts`; here is who listens, and within which bounds. */
export function createHttpAdapter(options: HttpAdapterOptions): ProtocolAdapter {
  return { type: 'hono-http', start: (host) => startHttp(options, host) };
}

async function startHttp(options: HttpAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const stopping = new AbortController();
  const pending = createPendingRequests(host);
  const context: RouteContext = {
    host,
    pending,
    leases: createLeaseBook(host, leaseProtocol, options.endLeasesAtShutdown),
    realm: options.realm,
    allowedOrigin: options.allowedOrigin,
    idleTimeoutMs: options.idleTimeoutMs,
    lease: options.lease,
    stopping: stopping.signal,
  };
  const servers: Server[] = [];
  const listening: ListenAddress[] = [];

  async function serve(scheme: string, listener: Listener | TlsListener): Promise<void> {
    const app = fastify({
      logger: false,
      bodyLimit: options.maxPayloadBytes,
      routerOptions: { maxParamLength: maxParameterLength },
      clientErrorHandler: rejectMalformed,
      frameworkErrors(error, _request, reply) {
        sendError(reply, describeError(error, host));
      },
      serverFactory: (handler) => {
        const server = createServerFor(listener, options);
        server.on('request', handler);
        servers.push(server);
        return server;
      },
    });
    await registerRoutes(app, context);
    await app.ready();
    listening.push(await bind(app.server, scheme, listener, host));
  }

  function closeAll(): void {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  try {
    if (options.plain) await serve('http', options.plain);
    if (options.tls) await serve('https', options.tls);
  } catch (error) {
    closeAll();
    throw error;
  }
  return {
    listening,
    async stopAccepting() {
      for (const server of servers) server.close();
      stopping.abort();
      const answered = new AbortController();
      void pending.drained().then(() => answered.abort());
      await sleep(host.clock, answerWithinMs, answered.signal);
    },
    async close() {
      closeAll();
    },
  };
}

/** Against senders that are slow, silent or endless: everything has a limit in bytes, number and time. */
function createServerFor(listener: Listener | TlsListener, options: HttpAdapterOptions): Server {
  const { idleTimeoutMs, requestTimeoutMs, maxSockets = 10_000 } = options;
  const limits: ServerOptions = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.max(100, Math.min(5_000, requestTimeoutMs / 4)),
    keepAliveTimeout: idleTimeoutMs,
    noDelay: true,
  };
  const server: Server =
    'key' in listener
      ? createTlsServer({ ...limits, ...tlsServerOptions(listener, requestTimeoutMs) })
      : createServer(limits);
  server.setTimeout(idleTimeoutMs);
  server.maxConnections = maxSockets;
  server.maxHeadersCount = 100;
  return server;
}

/** What HTTP's parser refuses never becomes a request: it is answered on the socket itself. */
function rejectMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error;
  // A TLS handshake that failed or took too long leaves nobody who could read an answer.
  if (!socket.writable || code === 'ECONNRESET' || /^ERR_(?:TLS|SSL)/.test(code)) {
    socket.destroy();
    return;
  }
  const [status, text] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'request took too long']
      : code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'headers are too large']
        : ['400 Bad Request', 'malformed request'];
  const body = JSON.stringify({ error: text });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
