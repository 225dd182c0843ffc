import { defaultLogins } from '@rollcall/access/internal';
import type { AdapterRunSettings } from '../composition/adapter-parts.ts';
import type { kitOptions } from '../config/kit-options.ts';
import type { ValuesOf } from '@rollcall/options';
import { memoryLimit } from '@rollcall/outbox/internal';

/** What of the configuration says how an adapter runs. */
export function runSettings(
  kit: ValuesOf<typeof kitOptions>,
  { adapterId, maxConnections }: Pick<AdapterRunSettings, 'adapterId' | 'maxConnections'>,
): AdapterRunSettings {
  return {
    adapterId,
    exposeRemoteAddress: kit.remoteAddress,
    maxConnections,
    admission: {
      maxRunning: kit.maxAuthenticating,
      maxWaiting: kit.maxWaiting,
      maxWaitMs: kit.maxWaitMs,
    },
    maxSessionsPerDevice: kit.maxSessionsPerDevice,
    logins: {
      ...defaultLogins,
      failureAnswerMs: kit.failureAnswerMs,
      isShared: (address) => kit.sharedAddresses?.has(address) ?? false,
    },
    maxMessagesPerSecond: kit.maxMessagesPerSecond,
    drainPerSecond: kit.drainPerSecond,
    deadAfterMs: kit.deadAfterMs,
    commitWaitMs: kit.commitWaitMs,
    announceIntervalMs: kit.announceIntervalMs,
    outbox: {
      maxEvents: kit.outboxEvents,
      maxBytes: kit.outboxBytes,
      maxMemoryBytes: memoryLimit(kit.outboxMemoryBytes),
    },
  };
}
