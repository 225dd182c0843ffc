import type { AdapterEntry } from '../adapters/adapter-entry.ts';
import { mainOf } from '../adapters/adapter-table.ts';
import { portsOf, type DemoPorts } from '../adapters/ports.ts';
import { lookUpIn } from './demo-registry.ts';

/** An adapter of the demonstration, as a process. */
export interface DemoAdapter {
  /** Names its log file. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthPort: number;
}

/** Short, so that `devices` soon knows who was there before it. */
export const announceIntervalMs = '5000';

/** The adapters that `up` starts, all of them on loopback. Without a `registryFile` they ask the device registry. */
export function demoAdapters(
  table: readonly AdapterEntry[],
  ports: DemoPorts,
  registryFile: string | undefined,
  journalDirectory: string,
): readonly DemoAdapter[] {
  const shared = {
    ...lookUpIn(ports, registryFile),
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging,events',
    ROLLCALL_JOURNAL_DIRECTORY: journalDirectory,
    ROLLCALL_CONNECTIONEVENTS_ANNOUNCEINTERVAL: announceIntervalMs,
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(ports.network),
  };
  return table.map((entry) => {
    const { name, title, adapterId, up } = entry;
    const { devices, health } = portsOf(ports, name);
    const own = Object.entries(up.environment).map(([variable, value]) => [
      variable,
      value.replace('{port}', String(devices)),
    ]);
    return {
      name,
      title: `${title} adapter`,
      main: mainOf(entry),
      environment: {
        ...shared,
        ROLLCALL_ADAPTER_ID: adapterId,
        ROLLCALL_HEALTH_PORT: String(health),
        ...(Object.fromEntries(own) as Record<string, string>),
      },
      healthPort: health,
    };
  });
}
