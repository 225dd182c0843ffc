import cors from '@fastify/cors';
import type { HostContext } from '@rollcall/adapter-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeError, sendError } from './send-error.ts';
import type { DeviceService } from './serve-device.ts';

export interface RoutesOptions {
  readonly context: Pick<HostContext, 'failed'>;
  readonly allowedOrigin: '*' | RegExp;
}

type Route = readonly [method: 'POST' | 'PUT', url: string];

const endpoints = ['telemetry', 'event'] as const;

/** An own path, and one that names a device; its tenant may be left out. */
const uploadRoutes = (endpoint: (typeof endpoints)[number]): readonly Route[] => [
  ['POST', `/${endpoint}`],
  ['PUT', `/${endpoint}/:tenant/:device`],
  ['PUT', `/${endpoint}//:device`],
];

const commandRoutes: readonly Route[] = [
  ['POST', '/command/res/:request'],
  ['PUT', '/command/res/:tenant/:device/:request'],
  ['PUT', '/command/res//:device/:request'],
];

const corsHeaders = {
  telemetry: ['qos-level', 'hono-ttd', 'authorization', 'content-type'],
  event: ['hono-ttd', 'authorization', 'content-type'],
  command: ['hono-cmd-status', 'authorization', 'content-type'],
};
const exposedHeaders = ['hono-command', 'hono-cmd-req-id'];

/** Serves what Hono's HTTP adapter serves (`docs/hono-compatibility.md` §10). */
export async function registerRoutes(
  server: FastifyInstance,
  service: DeviceService,
  { context, allowedOrigin }: RoutesOptions,
): Promise<void> {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setNotFoundHandler((_request, reply) => sendError(reply, { status: 404, text: 'Not Found' }));
  server.setErrorHandler((error, _request, reply) => sendError(reply, describeError(error, context)));
  // Preflight requests are answered on the routes that exist, and nowhere else.
  await server.register(cors, { origin: allowedOrigin, exposedHeaders, preflight: false });

  for (const endpoint of endpoints) {
    const onRequest = (request: FastifyRequest, reply: FastifyReply) =>
      service.identify(endpoint, request, reply);
    for (const [method, url] of uploadRoutes(endpoint)) {
      server.route({
        method,
        url,
        onRequest,
        handler: (request: FastifyRequest, reply: FastifyReply) => service.upload(request, reply),
      });
      allowPreflight(server, url, method, corsHeaders[endpoint]);
    }
  }
  for (const [method, url] of commandRoutes) {
    server.route({
      method,
      url,
      onRequest: (request: FastifyRequest, reply: FastifyReply) => service.identify('event', request, reply),
      handler: async (_request, reply) =>
        sendError(reply, { status: 501, text: 'commands are not supported' }),
    });
    allowPreflight(server, url, method, corsHeaders.command);
  }
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
