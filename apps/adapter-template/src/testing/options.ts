import type { TemplateAdapterOptions } from '../adapter.ts';

/** What an adapter in a test grants its devices, wherever it listens. */
export const limits = {
  maxRequestBytes: 256,
  loginTimeoutMs: 10_000,
  idleLimitMs: 60_000,
  maxPendingSockets: 1_000,
} satisfies Partial<TemplateAdapterOptions>;

/** An adapter on loopback, any port. */
export const options: TemplateAdapterOptions = { plain: { host: '127.0.0.1', port: 0 }, ...limits };
