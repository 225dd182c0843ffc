import { createServer, type Server } from 'node:http';
import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import {
  boundRequests,
  listenForSockets,
  warnOfAnybody,
  warnOfBlockedPort,
  type Listeners,
} from '@rollcall/adapter-kit/listening';
import { createLeaseBook, plainLease, type LeaseSettings } from '@rollcall/presence/leases';
import { ContainedResponse, containServer } from '@rollcall/containment';
import { sleep } from '@rollcall/core/environment';
import fastify, { type FastifyInstance } from 'fastify';
import type { DeviceContext } from './device-exchange.ts';
import { createPendingRequests } from './pending-requests.ts';
import { readQuery, withoutSpareSlashes } from './read-target.ts';
import { closeIfIdle } from './late-timeouts.ts';
import { rejectMalformed } from './reject-malformed.ts';
import { registerRoutes } from './routes.ts';
import { describeError, sendError } from './send-error.ts';
import { createDeviceService } from './serve-device.ts';
import { createSocketStanding } from './socket-standing.ts';

export interface HttpAdapterOptions extends Listeners {
  readonly maxPayloadBytes: number;
  /** Whether devices must prove who they are. Others have no leases, and name tenant and device in each path. */
  readonly authenticationRequired: boolean;
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
  /** Network connections at a time, at most. */
  readonly maxPendingSockets: number;
  /** TLS handshakes under way, at most. */
  readonly maxHandshakes?: number;
}

/** Names of devices and tenants in paths, percent-encoded. */
const maxParameterLength = 1_024;
const maxHeaderBytes = 8_192;
/** How long requests that were begun have to be answered when the adapter stops. */
const answerWithinMs = 2_000;

/** HTTP devices. When they are present is decided in `tracker.ts`; here is who listens, and within which bounds. */
export function createHttpAdapter(options: HttpAdapterOptions): ProtocolAdapter {
  return {
    type: 'hono-http',
    presence: 'lease',
    credentialsTypes: ['hashed-password', 'x509-cert', 'rpk'],
    start: (host) => listen(options, host),
  };
}

async function listen(options: HttpAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  if (!options.authenticationRequired) warnOfAnybody(host.context.log);
  const stopping = new AbortController();
  const pending = createPendingRequests(host.context);
  const context: DeviceContext = {
    host,
    pending,
    standing: createSocketStanding(),
    leases: createLeaseBook(host, plainLease, options.endLeasesAtShutdown),
    authenticationRequired: options.authenticationRequired,
    realm: options.realm,
    maxPayloadBytes: options.maxPayloadBytes,
    idleTimeoutMs: options.idleTimeoutMs,
    lease: options.lease,
    stopping: stopping.signal,
  };
  const { server } = await createApp(options, context);

  function closeRequestServer(): void {
    server.close();
    server.closeAllConnections();
  }

  try {
    const listener = await listenForSockets({
      scheme: 'http',
      listeners: options,
      handshakeTimeoutMs: options.requestTimeoutMs,
      maxPendingSockets: options.maxPendingSockets,
      ...(options.maxHandshakes !== undefined && { maxHandshakes: options.maxHandshakes }),
      // Node serves HTTP so: a client may close its side once its request is sent.
      allowHalfOpen: true,
      pendingAtStop: 'leave',
      context: host.context,
      serve(socket, place) {
        context.standing.add(socket, place);
        server.emit('connection', socket);
      },
    });
    for (const { scheme, port } of listener.listening) warnOfBlockedPort(host.context.log, scheme, port);
    return {
      listening: listener.listening,
      async stopAccepting() {
        await listener.stopAccepting();
        server.close();
        stopping.abort();
        const answered = new AbortController();
        void pending.drained().then(() => answered.abort());
        await sleep(host.context.clock, answerWithinMs, answered.signal);
      },
      async close() {
        closeRequestServer();
        await listener.close();
      },
    };
  } catch (error) {
    closeRequestServer();
    throw error;
  }
}

/** Fastify with the routes of devices. It listens nowhere: it is handed its network connections. */
async function createApp(options: HttpAdapterOptions, context: DeviceContext): Promise<FastifyInstance> {
  const { context: hostContext } = context.host;
  const app = fastify({
    logger: false,
    bodyLimit: options.maxPayloadBytes,
    // As Hono: `/event/` is `/event`. HEAD is a method that is not served.
    routerOptions: {
      maxParamLength: maxParameterLength,
      ignoreTrailingSlash: true,
      querystringParser: readQuery,
    },
    rewriteUrl: ({ url = '/' }) => withoutSpareSlashes(url),
    exposeHeadRoutes: false,
    clientErrorHandler: rejectMalformed,
    frameworkErrors(error, _request, reply) {
      sendError(reply, describeError(error, hostContext));
    },
    serverFactory(handler) {
      const server = createRequestServer(options);
      boundRequests(server, handler, { continues: 'by the handler' });
      return server;
    },
  });
  registerRoutes(app, createDeviceService(context), {
    context: hostContext,
    allowedOrigin: options.allowedOrigin,
  });
  await app.ready();
  containServer(app.server, 'http', hostContext.failed);
  // Node begins to watch how long requests take when it hears this.
  app.server.emit('listening');
  return app;
}

/** Against senders that are slow, silent or endless: everything has a limit in bytes, number and time. */
function createRequestServer({ idleTimeoutMs, requestTimeoutMs }: HttpAdapterOptions): Server {
  const server = createServer({
    ServerResponse: ContainedResponse,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.max(100, Math.min(5_000, requestTimeoutMs / 4)),
    keepAliveTimeout: idleTimeoutMs,
    noDelay: true,
  });
  server.setTimeout(idleTimeoutMs, closeIfIdle);
  server.maxHeadersCount = 100;
  // Else requests that wait for their answer are given up when the client closes its side.
  Object.assign(server, { httpAllowHalfOpen: true });
  return server;
}
