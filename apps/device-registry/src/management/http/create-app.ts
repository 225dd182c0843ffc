import {
  healthRoutes,
  rejectMalformed,
  type HealthTexts,
  type RawAnswer,
  type Serve,
} from '@rollcall/http-service';
import { allowOrigins, requireLoopbackHost, type WebPageUse } from '@rollcall/http-service/web-pages';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { openApi } from '../../openapi/open-api.ts';
import { readBody } from '../content/read-body.ts';
import { badRequest, RegistryError } from '../faults/registry-error.ts';
import { allowedMethods } from './allowed-methods.ts';
import { authorize } from './authorize.ts';
import { credentialRoutes } from './credential-routes.ts';
import { deviceRoutes } from './device-routes.ts';
import { errorOf } from './error-of.ts';
import type { ManagementContext } from './management-context.ts';
import { refuseOtherPages } from './refuse-other-pages.ts';
import { tenantRoutes } from './tenant-routes.ts';

/** Longer than an id may be, so that our own check reports what is wrong with an id. */
const maxParameterLength = 1_024;

const webPages: WebPageUse = {
  requestHeaders: 'authorization, content-type, if-match',
  exposedHeaders: 'ETag, Location, Retry-After',
  methodsOf: (path) => allowedMethods(path) ?? [],
};
const jsonType = 'application/json; charset=utf-8';

/** The answers to requests that the HTTP parser refuses. */
export const malformed = {
  'request-timeout': [408, 'Request Timeout', 'the request did not arrive in time'],
  'headers-too-large': [431, 'Request Header Fields Too Large', 'the headers are too large'],
  'malformed-request': [400, 'Bad Request', 'this is no HTTP request'],
} as const;

/** Fastify with all routes. It listens nowhere by itself. */
export async function createApp(
  context: ManagementContext,
  health: HealthTexts,
  serve: Serve,
): Promise<FastifyInstance> {
  const sendError = (reply: FastifyReply, error: unknown): FastifyReply => {
    const { status, message, headers } = errorOf(error, (cause) => context.failed('management', cause));
    return reply
      .code(status)
      .headers(headers)
      .type(jsonType)
      .send(JSON.stringify({ error: message }));
  };
  const app = fastify({
    logger: false,
    bodyLimit: context.maxBodyBytes,
    routerOptions: {
      maxParamLength: maxParameterLength,
      // Hono's own clients put a slash behind the path of a collection.
      ignoreTrailingSlash: true,
      // Each route reads its own parameters.
      querystringParser: (text) => text as unknown as Record<string, unknown>,
    },
    clientErrorHandler: (error, socket) =>
      rejectMalformed(error, socket, (kind): RawAnswer => {
        const [status, title, message] = malformed[kind];
        return { status, title, contentType: jsonType, body: JSON.stringify({ error: message }) };
      }),
    frameworkErrors: (error, _request, reply) => void sendError(reply, error),
    serverFactory: (handler) => serve(handler),
  });
  app.setErrorHandler((error, _request, reply) => sendError(reply, error));
  app.setNotFoundHandler((request, reply) => sendError(reply, noRoute(request)));
  takeBodies(app);
  app.addHook('onSend', async (_request, reply) => {
    // Contents change, and some are secret.
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  if (context.open)
    requireLoopbackHost(
      app,
      () => new RegistryError(421, 'where nobody says who asks, only requests for localhost are answered'),
    );
  allowOrigins(app, context.allowedOrigin, webPages);
  if (context.open) refuseOtherPages(app, context.allowedOrigin);
  // Before the body is read: some methods that no path allows require one.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw noRoute(request);
  });
  healthRoutes(app, health);
  const openApiText = JSON.stringify(openApi);
  app.get('/openapi.json', async (_request, reply) => reply.type(jsonType).send(openApiText));
  await app.register(async (api) => {
    authorize(api, context.access);
    tenantRoutes(api, context);
    deviceRoutes(api, context);
    credentialRoutes(api, context);
  });
  await app.ready();
  return app;
}

/** Only JSON is accepted, and our own reader parses it. A body of another type, or without a type, is refused. */
function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => readBody(body),
  );
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async ({ headers }: FastifyRequest, body: Buffer) => {
    if (body.length === 0) return undefined;
    throw badRequest(
      headers['content-type'] === undefined
        ? 'Missing Content-Type header'
        : 'Unsupported Content-Type: must be application/json',
    );
  });
}

function noRoute({ url, method }: FastifyRequest): RegistryError {
  const allowed = allowedMethods(url.split('?', 1)[0] ?? '');
  return allowed === undefined || allowed.includes(method)
    ? new RegistryError(404, 'there is nothing at this path')
    : new RegistryError(405, `allowed: ${allowed.join(', ')}`, { allow: allowed.join(', ') });
}
