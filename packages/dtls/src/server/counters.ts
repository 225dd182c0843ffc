/** Why a datagram, or a part of it, was dropped. */
export type DropReason =
  /** Not a record, or not a message, as the standard defines them. */
  | 'malformed'
  /** A message that is not due at this time. */
  | 'unexpected'
  /** Protected with keys of an association that this server does not know. */
  | 'unknown-association'
  | 'not-authentic'
  | 'replayed';

/** Why a handshake failed. */
export type HandshakeFailure =
  /** No authentic Finished came in time: an unknown identity, or a client that went away. */
  | 'timeout'
  /** As `timeout`, but with a known identity: its records did not authenticate. Wrong key, or the handshake was changed in transit. */
  | 'keys-differ'
  /** The client began a new handshake. */
  | 'restarted'
  /** There were too many handshakes, and this one had proved least. */
  | 'too-many-handshakes'
  | 'version'
  | 'renegotiation'
  | 'no-common-suite'
  /** Resumed without the extended master secret that the session had (RFC 7627 §5.3). */
  | 'resumption'
  | 'no-certificate'
  | 'bad-certificate'
  | 'bad-proof'
  | 'certificate-refused'
  /** `verifyCertificate` rejected at every attempt. */
  | 'certificate-unchecked'
  | 'bad-finished'
  | 'peer-alert'
  /** Code that serves this client threw. */
  | 'internal-error'
  | 'closing';

export interface DtlsCounters {
  handshakes: number;
  resumptions: number;
  helloVerifyRequests: number;
  retransmissions: number;
  /** `findPsk`, `verifyCertificate` or `mayResume` rejected. */
  lookupFailures: number;
  addressChanges: number;
  /** Alerts sent to peers whose association is not known. */
  strayAlerts: number;
  /** Associations that gave way to newer ones. */
  displacedAssociations: number;
  readonly failures: Record<HandshakeFailure, number>;
  readonly dropped: Record<DropReason, number>;
}

export function createCounters(): DtlsCounters {
  return {
    handshakes: 0,
    resumptions: 0,
    helloVerifyRequests: 0,
    retransmissions: 0,
    lookupFailures: 0,
    addressChanges: 0,
    strayAlerts: 0,
    displacedAssociations: 0,
    failures: {
      timeout: 0,
      'keys-differ': 0,
      restarted: 0,
      'too-many-handshakes': 0,
      version: 0,
      renegotiation: 0,
      'no-common-suite': 0,
      resumption: 0,
      'no-certificate': 0,
      'bad-certificate': 0,
      'bad-proof': 0,
      'certificate-refused': 0,
      'certificate-unchecked': 0,
      'bad-finished': 0,
      'peer-alert': 0,
      'internal-error': 0,
      closing: 0,
    },
    dropped: {
      malformed: 0,
      unexpected: 0,
      'unknown-association': 0,
      'not-authentic': 0,
      replayed: 0,
    },
  };
}
