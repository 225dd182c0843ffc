import type { HttpAdapterOptions } from '../adapter.ts';

/**
 * An adapter on loopback, any port, with the defaults of its configuration; but the time for a request is measured by Node.js itself,
 * and a test may take long on a busy machine.
 */
export const options: HttpAdapterOptions = {
  plain: { host: '127.0.0.1', port: 0 },
  maxPayloadBytes: 2_048,
  authenticationRequired: true,
  idleTimeoutMs: 75_000,
  requestTimeoutMs: 600_000,
  maxPendingSockets: 10_000,
  realm: 'Hono',
  allowedOrigin: '*',
  lease: { defaultMs: 600_000, minLearnedMs: 30_000, maxLearnedMs: 86_400_000, ttdGraceMs: 10_000 },
  endLeasesAtShutdown: false,
};
