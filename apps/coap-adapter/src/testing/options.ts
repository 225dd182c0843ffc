import type { CoapAdapterOptions } from '../adapter.ts';

/** An adapter on loopback, any port, with the defaults of its configuration. */
export const options: CoapAdapterOptions = {
  secure: { host: '127.0.0.1', port: 0 },
  authenticationRequired: true,
  maxPayloadBytes: 2_048,
  ackAfterMs: 500,
  ackTimeoutMs: 2_000,
  handshakeRetransmitMs: 2_000,
  associationIdleMs: 3_600_000,
  connectionIdBytes: 6,
  probe: false,
  maxAssociations: 1_000,
  maxAssociationsPerDevice: 8,
  maxSessions: 10_000,
  maxHandshakes: 2_000,
  maxHandshakesPerAddress: 500,
  lease: { defaultMs: 600_000, minLearnedMs: 30_000, maxLearnedMs: 86_400_000, ttdGraceMs: 10_000 },
  endLeasesAtShutdown: false,
};
