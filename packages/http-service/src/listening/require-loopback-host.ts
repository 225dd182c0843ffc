import type { FastifyInstance } from 'fastify';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Refuses requests that are for a host of another name. Without that, a web page could have its own name lead to this machine, and
 * ask what every program here may ask (DNS rebinding).
 *
 * @param misdirected what they are told.
 */
export function requireLoopbackHost(app: FastifyInstance, misdirected: () => Error): void {
  app.addHook('onRequest', async ({ headers: { host } }) => {
    if (host === undefined || !loopback.test(host)) throw misdirected();
  });
}
