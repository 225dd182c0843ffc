import type { HostContext } from '@rollcall/adapter-kit';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { answerWebPage } from './answer-web-page.ts';
import { resourceAt } from './resources.ts';
import { describeError, sendError } from './send-error.ts';
import type { DeviceService } from './serve-device.ts';

export interface RoutesOptions {
  readonly context: Pick<HostContext, 'failed'>;
  readonly allowedOrigin: '*' | RegExp;
}

type Route = readonly [method: 'POST' | 'PUT', url: string];

const endpoints = ['telemetry', 'event'] as const;

/**
 * An own path, and those that name a device; its tenant may be left out, and what follows it means nothing. A path without a device
 * is a route too: who asks is found out before anything else.
 */
const uploadRoutes = (endpoint: (typeof endpoints)[number]): readonly Route[] => [
  ['POST', `/${endpoint}`],
  ['PUT', `/${endpoint}`],
  ['PUT', `/${endpoint}/:tenant`],
  ['PUT', `/${endpoint}/:tenant/:device`],
  ['PUT', `/${endpoint}/:tenant/:device/*`],
  ['PUT', `/${endpoint}//:device`],
  ['PUT', `/${endpoint}//:device/*`],
];

const commandRoutes: readonly Route[] = [
  ['POST', '/command/res/:request'],
  ['PUT', '/command/res/:tenant/:device/:request'],
  ['PUT', '/command/res//:device/:request'],
];

/** Serves what Hono's HTTP adapter serves (`docs/hono-compatibility.md` §10). */
export function registerRoutes(
  server: FastifyInstance,
  service: DeviceService,
  { context, allowedOrigin }: RoutesOptions,
): void {
  // To fastify they have no body: any content type is allowed, and a body is read only once it is known who sends it.
  for (const method of ['POST', 'PUT']) server.addHttpMethod(method, { overrideExisting: true });
  server.setErrorHandler((error, _request, reply) => sendError(reply, describeError(error, context)));
  server.addHook('onRequest', (request, reply, done) => {
    // Most requests are of devices, and for a route: what a path is for is not asked then.
    if (request.headers.origin === undefined && allowedOrigin === '*' && !request.is404) {
      done();
      return;
    }
    const resource = resourceAt(request.url);
    if (resource && answerWebPage(request, reply, resource, allowedOrigin)) return;
    // Before its body is read: what is answered so says nothing about a body.
    if (request.is404) answerMissing(reply, resource?.methods ?? [], request.method);
    else done();
  });

  for (const endpoint of endpoints)
    for (const [method, url] of uploadRoutes(endpoint))
      server.route({ method, url, handler: (request, reply) => service.upload(endpoint, request, reply) });
  for (const [method, url] of commandRoutes)
    server.route({ method, url, handler: (request, reply) => service.respond(request, reply) });
}

/** @param methods that the path is served with; none: it is not there. */
function answerMissing(reply: FastifyReply, methods: readonly string[], method: string): void {
  if (methods.length === 0 || methods.includes(method)) sendError(reply, { status: 404, text: 'Not Found' });
  else
    sendError(reply, {
      status: 405,
      text: 'Method Not Allowed',
      headers: { allow: methods.join(',') },
    });
}
