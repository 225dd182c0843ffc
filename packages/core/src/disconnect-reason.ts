/** Who caused the end of a connection. */
export type Initiator = 'device' | 'network' | 'adapter' | 'operator';

interface ReasonTraits {
  readonly initiator: Initiator;
  /** Whether the connection ended as the protocol intends. */
  readonly clean: boolean;
}

/** Why a connection ended: the closed list of version 1 of the contract. Consumers must tolerate unknown ones. */
export const disconnectReasons = {
  'client-closed': { initiator: 'device', clean: true },
  'keepalive-timeout': { initiator: 'network', clean: false },
  'connection-lost': { initiator: 'network', clean: false },
  inactive: { initiator: 'adapter', clean: false },
  'probe-failed': { initiator: 'adapter', clean: false },
  'taken-over': { initiator: 'device', clean: false },
  'protocol-error': { initiator: 'device', clean: false },
  'credentials-expired': { initiator: 'adapter', clean: false },
  'access-revoked': { initiator: 'operator', clean: false },
  'limit-exceeded': { initiator: 'adapter', clean: false },
  'upload-refused': { initiator: 'adapter', clean: false },
  'adapter-shutdown': { initiator: 'operator', clean: true },
  'adapter-lost': { initiator: 'adapter', clean: false },
  buried: { initiator: 'operator', clean: false },
  unspecified: { initiator: 'adapter', clean: false },
} as const satisfies Record<string, ReasonTraits>;

export type DisconnectReason = keyof typeof disconnectReasons;

/**
 * Reasons the adapter knows the exact moment of when they end a session: it saw the goodbye, or closed the
 * connection itself. For all others the device was last known alive at `last-seen`.
 */
const exactlyKnown: ReadonlySet<DisconnectReason> = new Set([
  'client-closed',
  'protocol-error',
  'limit-exceeded',
  'upload-refused',
  'credentials-expired',
  'access-revoked',
  'adapter-shutdown',
  'unspecified',
]);

/** Whether a session that ended for this reason has no uncertainty about when. */
export function isExactlyKnown(reason: DisconnectReason): boolean {
  return exactlyKnown.has(reason);
}
