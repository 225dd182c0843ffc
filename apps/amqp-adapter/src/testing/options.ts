import type { AmqpAdapterOptions } from '../adapter.ts';

/** What an adapter in a test grants its devices, wherever it listens. */
export const limits = {
  maxPayloadBytes: 2_048,
  maxFrameBytes: 16_384,
  idleTimeoutMs: 60_000,
  openTimeoutMs: 10_000,
  authenticationRequired: true,
  maxPendingSockets: 1_000,
} satisfies Partial<AmqpAdapterOptions>;

/** An adapter on loopback, any port. */
export const options: AmqpAdapterOptions = { plain: { host: '127.0.0.1', port: 0 }, ...limits };
