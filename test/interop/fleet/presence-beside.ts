import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../e2e/support/ports.ts';
import { atTheEnd } from '../../faults/support/acts.ts';
import { restartable, type Restartable } from '../../faults/support/restartable.ts';

export interface PresenceBeside {
  readonly networkUrl: string;
  readonly apiPort: number;
  /** Options of it alone. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A presence service beside a fleet, with an empty database: start it. It ends with the test. */
export function presenceBeside({ networkUrl, apiPort, environment }: PresenceBeside): Restartable {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-presence-beside-'));
  const service = restartable({
    app: 'presence',
    environment: {
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: new URL(networkUrl).port,
      ROLLCALL_PRESENCE_OPEN: 'true',
      ROLLCALL_PRESENCE_PORT: String(apiPort),
      ROLLCALL_PRESENCE_DIRECTORY: directory,
      ROLLCALL_HEALTH_PORT: String(freePort()),
      ...environment,
    },
    isReady: ({ stdout }) => stdout.some((line) => line.includes('following the connection events')),
  });
  atTheEnd(async () => {
    await service.end('SIGKILL').catch(() => {});
    rmSync(directory, { recursive: true, force: true });
  });
  return service;
}
