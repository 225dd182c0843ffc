import type { AdapterEntry } from './adapter-entry.ts';

/** Where the parts of the demonstration listen, all on loopback. */
export interface DemoPorts {
  readonly network: number;
  /** Of the presence service. */
  readonly presence: { readonly api: number; readonly health: number };
  /** Of the device registry: its management API, its AMQP services, and its health. */
  readonly registry: { readonly api: number; readonly services: number; readonly health: number };
  /** By the name of the adapter. */
  readonly adapters: Readonly<Record<string, AdapterPorts>>;
}

export interface AdapterPorts {
  readonly devices: number;
  readonly health: number;
}

/** The standard ports, moved by `offset`. */
export function demoPorts(offset: number, table: readonly AdapterEntry[]): DemoPorts {
  return {
    network: networkPort(offset),
    // Not among those of the adapters: a new one takes the next of them.
    presence: { api: presencePort(offset), health: 9_190 + offset },
    registry: { api: registryPort(offset), services: 28_672 + offset, health: 9_191 + offset },
    adapters: Object.fromEntries(
      table.map(({ name, up }) => [name, { devices: up.port + offset, health: up.healthPort + offset }]),
    ),
  };
}

export function networkPort(offset: number): number {
  return 15_672 + offset;
}

/** Of the management API of the device registry. */
export function registryPort(offset: number): number {
  return 28_080 + offset;
}

export function presencePort(offset: number): number {
  return 8_090 + offset;
}

/** @throws Error where no adapter has this name. */
export function portsOf({ adapters }: DemoPorts, name: string): AdapterPorts {
  const ports = adapters[name];
  if (!ports) throw new Error(`there is no ${name}`);
  return ports;
}
