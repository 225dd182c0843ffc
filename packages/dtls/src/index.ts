export type { CipherSuiteName } from './crypto/cipher-suite.ts';
export type { Association, CloseReason } from './server/association.ts';
export type { DropReason, DtlsCounters, HandshakeFailure } from './server/counters.ts';
export { createDtlsServer, type DtlsServer } from './server/dtls-server.ts';
export type {
  DtlsClock,
  DtlsLimits,
  DtlsServerOptions,
  PskMatch,
  ServerCertificate,
} from './server/options.ts';
export type { Peer } from './server/peer.ts';
export type { AlertName } from './wire/alert.ts';
