import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { containServer } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
import type { Log } from '@rollcall/core/environment';
import { boundRequests, warnOfBlockedPort } from '@rollcall/adapter-kit/listening';
import { boundConnections } from './bound-connections.ts';
import { healthJson, type HealthCheck } from './health-json.ts';
import { renderOnce, type RenderedMetrics } from './render-once.ts';

export interface HealthServerOptions {
  readonly host: string;
  readonly port: number;
  /** Called with what answering one request threw, which ends its connection. */
  failed(where: string, error: unknown): void;
  readonly log: Log;
  /** A connection was closed to make room for another one. */
  turnedAway(remoteIp: string): void;
  started(): Checks;
  readiness(): Checks;
  /** Default: that it answers proves that the event loop runs. */
  liveness?(): Checks;
  metrics(): Promise<RenderedMetrics>;
}

type Checks = readonly HealthCheck[] | Promise<readonly HealthCheck[]>;

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

const maxConnections = 100;
/** A probe waits for its answer before it asks again. */
const maxRequestsPerConnection = 2;
/** A request that has not arrived by then, and a connection that says nothing, are closed. */
const timeoutMs = 5_000;

/**
 * Answers `/started`, `/readiness`, `/liveness` and `/metrics` (also as `/prometheus`, where Hono has it). 200 while
 * nothing is down, else 503. An answer to `/liveness` proves that the event loop runs: there is nothing more to check.
 *
 * @throws TransportError where the port cannot be bound.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const metrics = renderOnce(() => options.metrics());
  const server = createServer({
    requestTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 8_192,
  });
  containServer(server, 'health', (where, error) => options.failed(where, error));
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    switch (request.url?.split('?')[0]) {
      case '/started':
        return sendChecks(response, options.started(), options);
      case '/readiness':
        return sendChecks(response, options.readiness(), options);
      case '/liveness':
        return sendChecks(response, options.liveness?.() ?? alive, options);
      case '/metrics':
      case '/prometheus':
        metrics().then(
          ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
          (error: unknown) => {
            options.failed('health', error);
            response.writeHead(500).end();
          },
        );
        return undefined;
      default:
        response.writeHead(404).end();
        return undefined;
    }
  };
  boundRequests(server, answer, { maxPerConnection: maxRequestsPerConnection });
  server.setTimeout(timeoutMs);
  boundConnections(server, maxConnections, (remoteIp) => options.turnedAway(remoteIp));
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    throw new TransportError(`health port ${options.host}:${options.port} cannot be bound: ${why}`, {
      startCode: 'PORT_NOT_BOUND',
      cause: error,
    });
  }
  // Such as a connection that cannot be accepted, for want of file descriptors.
  server.on('error', (error) => options.log.warn({ cause: error.message }, 'health server failed'));
  const { port } = server.address() as AddressInfo;
  warnOfBlockedPort(options.log, 'health', port);
  return {
    port,
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

const alive: readonly HealthCheck[] = [{ name: 'event-loop-blocked-check', status: 'UP' }];

function sendChecks(
  response: ServerResponse,
  checks: Checks,
  { failed }: Pick<HealthServerOptions, 'failed'>,
): void {
  const send = (known: readonly HealthCheck[]): void => {
    const { status, text } = healthJson(known);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  };
  if (!(checks instanceof Promise)) return send(checks);
  checks.then(send).catch((error: unknown) => {
    failed('health', error);
    response.destroy();
  });
}
