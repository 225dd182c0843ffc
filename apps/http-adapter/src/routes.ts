import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import {
  onArrival,
  peerAddress,
  peerCertificate,
  requestUnderWay,
  remoteIpOf,
  timeTillDisconnect,
  type AdapterHost,
  type AuthenticatedDevice,
  type LeaseBook,
  type LeaseSettings,
  type OpenConnection,
  type Refusal,
  type RequestUnderWay,
  type UploadRequest,
} from '@rollcall/adapter-kit';
import { sleep, type Instant } from '@rollcall/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerFailure, answerRefusal } from './answers.ts';
import { arrivedBody } from './arrived-body.ts';
import { basicCredentials } from './basic-credentials.ts';
import { readHead, type RequestHead } from './device-request.ts';
import type { PendingRequests } from './pending-requests.ts';
import { describeError, sendError } from './send-error.ts';
import type { SocketStanding } from './socket-standing.ts';
import type { HttpSignal } from './tracker.ts';

export interface RouteContext {
  readonly host: AdapterHost;
  readonly leases: LeaseBook<HttpSignal>;
  readonly pending: PendingRequests;
  readonly standing: SocketStanding;
  readonly realm: string;
  readonly allowedOrigin: '*' | RegExp;
  readonly maxPayloadBytes: number;
  readonly idleTimeoutMs: number;
  readonly lease: LeaseSettings;
  /** Aborts when the adapter stops: whoever waits for a command is answered. */
  readonly stopping: AbortSignal;
}

/** A request whose device proved who it is. */
interface DeviceRequest {
  readonly by: AuthenticatedDevice;
  readonly asked: ReturnType<typeof readHead>;
  /** Effective, see {@link timeTillDisconnect}. */
  readonly ttdSeconds: number | undefined;
  /** Absent where the device says that it leaves, and was not there. */
  readonly lease: OpenConnection<HttpSignal> | undefined;
  /** Until it is answered, or its proof is not valid any more. */
  readonly underWay: RequestUnderWay;
  readonly answer: AwaitedAnswer;
  readonly heard: { readonly at: Instant };
}

/** Whether anybody waits for the answer still. No abort signal: most requests have no use for one, and it costs. */
interface AwaitedAnswer {
  over: boolean;
  whenOver: (() => void) | undefined;
}

/** What let the device in was valid when its request began, and is not any more. */
const refusedMeanwhile: Refusal = { reason: 'bad-credentials', text: 'bad credentials' };

/** Share of the idle time-out that an answer may take: later, the connection might be gone. */
const shareOfIdleTimeout = 0.8;

const corsHeaders = {
  telemetry: ['qos-level', 'hono-ttd', 'authorization', 'content-type'],
  event: ['hono-ttd', 'authorization', 'content-type'],
  command: ['hono-cmd-status', 'authorization', 'content-type'],
};
const exposedHeaders = ['hono-command', 'hono-cmd-req-id'];

/** Serves what Hono's HTTP adapter serves (`docs/hono-compatibility.md` §10). */
export async function registerRoutes(server: FastifyInstance, context: RouteContext): Promise<void> {
  const { host, leases, pending, standing } = context;
  const requests = new WeakMap<FastifyRequest, DeviceRequest>();

  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setNotFoundHandler((_request, reply) => sendError(reply, { status: 404, text: 'Not Found' }));
  server.setErrorHandler((error, _request, reply) => sendError(reply, describeError(error, host.context)));
  // Preflight requests are answered on the routes that exist, and nowhere else.
  await server.register(cors, { origin: context.allowedOrigin, exposedHeaders, preflight: false });

  /** Finds out who asks, before a byte of the body is read: whoever it is, is present. */
  async function identify(
    endpoint: UploadRequest['endpoint'],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | void> {
    const refuse = (refusal: Refusal): FastifyReply =>
      sendError(reply, answerRefusal(refusal, context.realm));
    const { socket } = request.raw;
    const presented = presentedBy(request.headers.authorization, socket);
    if (typeof presented === 'string') {
      host.access.refused(`credentials-${presented}`);
      return presented === 'malformed'
        ? sendError(reply, { status: 400, text: 'malformed authorization header' })
        : refuse({ reason: 'bad-credentials', text: 'credentials are missing' });
    }
    let lease: OpenConnection<HttpSignal> | undefined;
    let underWay: RequestUnderWay | undefined;
    const heard = { at: host.context.clock.monotonic() };
    onArrival(request.raw, () => {
      heard.at = host.context.clock.monotonic();
      if (underWay && !underWay.isWithdrawn()) lease?.report({ type: 'heard', heardAt: heard.at });
    });
    const answer: AwaitedAnswer = { over: false, whenOver: undefined };
    const over = (): void => {
      answer.over = true;
      answer.whenOver?.();
      standing.over(socket);
      underWay?.answered();
    };
    // A client that closed its side still hears what becomes of its request, but waits for no command.
    pending.add(request.raw, reply.raw, over, () => answer.whenOver?.());
    standing.busy(socket);
    const asked = readHead(headOf(endpoint, request));
    const goodbye = !('status' in asked) && asked.goodbye;
    const remoteAddress = peerAddress(socket);
    const result = await host.access.authenticate({
      ...presented,
      remoteIp: remoteIpOf(socket),
      // Whoever says goodbye need not wait for the answer.
      gone: () => answer.over && !(goodbye && request.raw.complete),
    });
    if (result.status === 'refused') return refuse(result.refusal);

    standing.proved(socket, request.raw.complete);
    const by = result.identity;
    const failed = 'status' in asked;
    const ttdSeconds = failed
      ? undefined
      : timeTillDisconnect(
          asked.ttdSeconds,
          by.tenant,
          'hono-http',
          Math.floor((context.idleTimeoutMs / 1_000) * shareOfIdleTimeout),
        );
    if (goodbye) {
      // Whoever was not present need not be for its goodbye.
      lease = leases.held(by);
    } else {
      const obtained = leases.obtain(by, {
        protocol: `HTTP/${request.raw.httpVersion}`,
        ...(remoteAddress !== undefined && { remoteAddress }),
      });
      if ('reason' in obtained) return refuse(obtained);
      lease = obtained;
    }
    underWay = requestUnderWay(host.access, by, (how) => {
      // Nobody waits for a command any more whose secret is gone.
      if (how === 'withdrawn') answer.whenOver?.();
      lease?.report({ type: how });
    });
    lease?.report({
      type: 'request',
      heardAt: heard.at,
      terms: {
        ...context.lease,
        ...(by.presenceIntervalMs !== undefined && { declaredMs: by.presenceIntervalMs }),
        ...(ttdSeconds !== undefined && { ttdMs: ttdSeconds * 1_000 }),
      },
    });
    // The device may have hung up while it was authenticated.
    if (answer.over) underWay.answered();
    const device: DeviceRequest = { by, asked, ttdSeconds, lease, underWay, answer, heard };
    requests.set(request, device);
    await lease?.committed();
    if (!request.raw.destroyed) return undefined;
    reply.hijack();
    const body = arrivedBody(request.raw);
    if (body && body.byteLength <= context.maxPayloadBytes) await serveLeft(device, body);
    return reply;
  }

  /** The device did not wait for the answer; what it said had arrived. */
  async function serveLeft(
    { by, asked, ttdSeconds, lease, underWay, heard }: DeviceRequest,
    payload: Uint8Array,
  ): Promise<void> {
    if ('status' in asked || underWay.isWithdrawn()) return;
    if (asked.goodbye && payload.byteLength === 0) lease?.report({ type: 'goodbye', heardAt: heard.at });
    await host.uplink.upload({
      ...asked.upload,
      by,
      ...(payload.byteLength > 0 && { payload }),
      ...(ttdSeconds !== undefined && { ttdSeconds }),
    });
  }

  async function upload(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const device = requests.get(request);
    if (!device) return sendError(reply, { status: 500, text: 'Internal server error' });
    const { by, asked, ttdSeconds, lease, underWay, heard } = device;
    // The body may have taken its time.
    if (underWay.isWithdrawn()) return sendError(reply, answerRefusal(refusedMeanwhile, context.realm));
    const payload = request.body as Uint8Array | undefined;
    standing.busy(request.raw.socket);
    lease?.report({ type: 'heard', heardAt: heard.at });
    if ('status' in asked) return sendError(reply, answerFailure(asked));
    if (asked.goodbye && !payload?.byteLength) lease?.report({ type: 'goodbye', heardAt: heard.at });

    const result = await host.uplink.upload({
      ...asked.upload,
      by,
      ...(payload && { payload }),
      ...(ttdSeconds !== undefined && { ttdSeconds }),
    });
    if (result.status === 'failed') return sendError(reply, answerFailure(result.failure));
    // There are no commands yet: the device waits for as long as it said, and gets none.
    if (ttdSeconds !== undefined && isWaiting(request, device)) {
      const over = new AbortController();
      device.answer.whenOver = () => over.abort();
      await sleep(host.context.clock, ttdSeconds * 1_000, AbortSignal.any([over.signal, context.stopping]));
    }
    return reply.code(202).send();
  }

  for (const endpoint of ['telemetry', 'event'] as const) {
    const identifyFor = (request: FastifyRequest, reply: FastifyReply) => identify(endpoint, request, reply);
    for (const [method, url] of [
      ['POST', `/${endpoint}`],
      ['PUT', `/${endpoint}/:tenant/:device`],
      ['PUT', `/${endpoint}//:device`],
    ] as const) {
      server.route({ method, url, onRequest: identifyFor, handler: upload });
      allowPreflight(server, url, method, corsHeaders[endpoint]);
    }
  }
  for (const [method, url] of [
    ['POST', '/command/res/:request'],
    ['PUT', '/command/res/:tenant/:device/:request'],
    ['PUT', '/command/res//:device/:request'],
  ] as const) {
    server.route({
      method,
      url,
      onRequest: (request: FastifyRequest, reply: FastifyReply) => identify('event', request, reply),
      handler: async (_request, reply) =>
        sendError(reply, { status: 501, text: 'commands are not supported' }),
    });
    allowPreflight(server, url, method, corsHeaders.command);
  }
}

/** Whether a device waits for a command, as it said. */
function isWaiting({ raw }: FastifyRequest, { answer, underWay }: DeviceRequest): boolean {
  return !answer.over && !raw.socket.readableEnded && !underWay.isWithdrawn();
}

/** What the header says; without one, what TLS does. */
function presentedBy(
  authorization: string | undefined,
  socket: Socket,
): ReturnType<typeof basicCredentials> | { readonly certificate: Uint8Array } {
  const certificate = authorization === undefined ? peerCertificate(socket) : undefined;
  return certificate ? { certificate } : basicCredentials(authorization);
}

function headOf(endpoint: UploadRequest['endpoint'], request: FastifyRequest): RequestHead {
  const { tenant = '', device } = request.params as { readonly tenant?: string; readonly device?: string };
  return {
    endpoint,
    path: request.url.split('?', 1)[0] ?? '',
    headers: request.headers,
    query: request.query as Readonly<Record<string, unknown>>,
    ...(device !== undefined && { target: { tenant, device } }),
  };
}

function allowPreflight(
  server: FastifyInstance,
  url: string,
  method: 'POST' | 'PUT',
  allowedHeaders: string[],
): void {
  server.route({
    method: 'OPTIONS',
    url,
    config: { cors: { preflight: true, methods: [method], allowedHeaders } },
    handler: async (_request, reply) => reply.code(204).send(),
  });
}
