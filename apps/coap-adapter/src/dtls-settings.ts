import type { AuthenticatedDevice, HostAccess } from '@rollcall/access';
import type { HostContext } from '@rollcall/adapter-kit';
import { deviceKey } from '@rollcall/core';
import type { DtlsServerOptions } from '@rollcall/dtls';
import type { SecureEndpointOptions } from './secure-endpoint-options.ts';

type Settings = Omit<DtlsServerOptions<AuthenticatedDevice>, 'send' | 'onOpen' | 'onMessage' | 'onClose'>;

/** Clock, randomness, time-outs and limits of the DTLS server. Limits are counted by device. */
export function dtlsSettings(
  options: SecureEndpointOptions,
  { clock, random }: Pick<HostContext, 'clock' | 'random'>,
  { isShared }: Pick<HostAccess, 'isShared'>,
): Settings {
  return {
    clock,
    randomBytes: (count) => random.bytes(count),
    principalKey: ({ device }) => deviceKey(device),
    isSharedAddress: (address) => isShared(address),
    maxAssociationsOf: ({ maxConnectionsPerDevice }) => maxConnectionsPerDevice,
    connectionIdBytes: options.connectionIdBytes,
    idleTimeoutMs: options.associationIdleMs,
    retransmitMs: options.handshakeRetransmitMs,
    limits: {
      maxAssociations: options.maxAssociations,
      maxAssociationsPerPrincipal: options.maxAssociationsPerDevice,
      maxSessions: options.maxSessions,
      maxPendingHandshakes: options.maxHandshakes,
      maxPendingPerAddress: options.maxHandshakesPerAddress,
    },
  };
}
