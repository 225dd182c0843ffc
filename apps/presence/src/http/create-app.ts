import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ApiContext } from './api-context.ts';
import { adaptersRoute } from './adapters-route.ts';
import { allowedMethods } from './allowed-methods.ts';
import { authorize } from './authorize.ts';
import { deviceRoutes } from './device-routes.ts';
import { endingsRoute } from './endings-route.ts';
import { healthRoutes, rejectMalformed, type HealthTexts } from '@rollcall/http-service';
import { allowOrigins, requireLoopbackHost, type WebPageUse } from '@rollcall/http-service/web-pages';
import { openApi } from '../openapi/open-api.ts';
import { Problem, problemContentType, rawProblem } from './problem.ts';
import { problemOf } from './problem-of.ts';
import { queryRoute } from './query-route.ts';
import { servePage } from './serve-page.ts';
import { tenantsRoute } from './list-tenants.ts';
import { tenantRoutes } from './tenant-routes.ts';
import { watchRoute } from './watch-route.ts';

/** A thousand devices with long names fit in. */
const maxBodyBytes = 1_048_576;
/** Longer than the head of a request may be: our own rules report what is wrong with a name. */
const maxParameterLength = 16_384;

const webPages: WebPageUse = {
  requestHeaders: 'authorization, content-type, if-none-match, last-event-id',
  exposedHeaders: 'etag, retry-after, rollcall-as-of',
  methodsOf: () => ['GET', 'HEAD', 'POST', 'DELETE'],
};

/**
 * Fastify with all routes. It listens nowhere by itself.
 *
 * @param serve puts its handler onto a server, which is returned.
 */
export async function createApp(
  context: ApiContext,
  health: HealthTexts,
  serve: (handler: (request: IncomingMessage, response: ServerResponse) => void) => Server,
): Promise<FastifyInstance> {
  const sendProblem = (reply: FastifyReply, error: unknown): FastifyReply => {
    const problem = problemOf(error, (cause) => context.failed('http', cause));
    return reply
      .code(problem.status)
      .headers({ ...problem.headers, 'cache-control': 'no-store' })
      .type(problemContentType)
      .send(JSON.stringify(problem.document));
  };
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    routerOptions: {
      maxParamLength: maxParameterLength,
      // Read by each route: it knows its parameters.
      querystringParser: (text) => text as unknown as Record<string, unknown>,
    },
    clientErrorHandler: (error, socket) => rejectMalformed(error, socket, rawProblem),
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, error),
    serverFactory: (handler) => serve(handler),
  });
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, error));
  app.setNotFoundHandler((request, reply) => sendProblem(reply, noRoute(request)));
  app.removeContentTypeParser('text/plain');
  app.addHook('onSend', async (_request, reply) => {
    // Answers about single devices have tags: a repeated request gets 304 if nothing changed.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-cache');
    reply.header('x-content-type-options', 'nosniff');
  });
  if (context.open)
    requireLoopbackHost(
      app,
      () =>
        new Problem('misdirected', { detail: 'without tokens, only requests for localhost are answered' }),
    );
  allowOrigins(app, context.allowedOrigin, webPages);
  // Before the body is read: some methods that no path allows require one.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw noRoute(request);
  });
  healthRoutes(app, health);
  if (context.pageDirectory !== undefined) servePage(app, context.pageDirectory);
  const openApiText = JSON.stringify(openApi);
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(openApiText),
  );
  await app.register(async (api) => {
    authorize(api, context.tokens);
    deviceRoutes(api, context);
    tenantsRoute(api, context);
    tenantRoutes(api, context);
    endingsRoute(api, context);
    queryRoute(api, context);
    adaptersRoute(api, context);
    watchRoute(api, context);
  });
  await app.ready();
  return app;
}

function noRoute({ url, method }: FastifyRequest): Problem {
  const allowed = allowedMethods(url.split('?', 1)[0] ?? '');
  return allowed === undefined || allowed.includes(method)
    ? new Problem('not-found')
    : new Problem('method-not-allowed', {
        detail: `allowed: ${allowed.join(', ')}`,
        headers: { allow: allowed.join(', ') },
      });
}
