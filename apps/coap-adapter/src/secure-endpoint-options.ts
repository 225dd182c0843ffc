import type { Listener } from '@rollcall/adapter-kit/listening';
import type { LeaseSettings } from '@rollcall/presence/leases';
import type { ServerCertificate } from '@rollcall/dtls';

export interface SecureListener extends Listener {
  /** For devices with certificates; others have pre-shared keys. */
  readonly certificate?: ServerCertificate;
  /** The files of the certificate, which may be replaced. */
  readonly files?: { readonly key: string; readonly cert: string };
}

export interface SecureEndpointOptions {
  readonly maxPayloadBytes: number;
  /** Silence after which an association is forgotten, and its device must make a new one. */
  readonly associationIdleMs: number;
  readonly connectionIdBytes: number;
  readonly handshakeRetransmitMs: number;
  /** See `ackAfterMs`. */
  readonly ackAfterMs: number;
  /** Until a confirmable message is sent again for the first time (RFC 7252 §4.8). */
  readonly ackTimeoutMs: number;
  readonly lease: LeaseSettings;
  readonly endLeasesAtShutdown: boolean;
  /** Whether to probe devices for which the registry does not decide it. */
  readonly probe: boolean;
  /** Beyond it the device that has most loses one. */
  readonly maxAssociations: number;
  /** If the registry sets no limit; beyond it the one silent longest gives way. 0: any number. */
  readonly maxAssociationsPerDevice: number;
  /** Sessions that may be resumed, of all devices; 0: none. */
  readonly maxSessions: number;
  /** Handshakes under way, in all and from one address; behind a NAT many devices have one. */
  readonly maxHandshakes: number;
  readonly maxHandshakesPerAddress: number;
}
