import type { FastifyInstance } from 'fastify';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Refuses requests whose host is not localhost. Otherwise a web page could point its own host name to this machine, and send requests
 * as programs here may (DNS rebinding).
 *
 * @param misdirected makes the error of a refused request.
 */
export function requireLoopbackHost(app: FastifyInstance, misdirected: () => Error): void {
  app.addHook('onRequest', async ({ headers: { host } }) => {
    if (host === undefined || !loopback.test(host)) throw misdirected();
  });
}
