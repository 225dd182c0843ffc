import { join } from 'node:path';
import { mainOfPresence } from '../adapters/adapter-table.ts';
import { announceIntervalMs } from './demo-adapters.ts';
import type { DemoPorts } from '../adapters/ports.ts';

/** The presence service of the demonstration: on loopback, open to everybody there, with its database in the data directory. */
export function demoPresence(
  { network, presence }: DemoPorts,
  dataDir: string,
): {
  readonly name: string;
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
} {
  return {
    name: 'presence',
    main: mainOfPresence(),
    environment: {
      ROLLCALL_PRESENCE_PORT: String(presence.api),
      ROLLCALL_PRESENCE_OPEN: 'true',
      ROLLCALL_PRESENCE_DIRECTORY: join(dataDir, 'presence'),
      ROLLCALL_PRESENCE_ANNOUNCEINTERVAL: announceIntervalMs,
      ROLLCALL_HEALTH_PORT: String(presence.health),
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: String(network),
    },
  };
}
