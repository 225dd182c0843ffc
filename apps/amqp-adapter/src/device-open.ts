import type { PeersOpen } from '@rollcall/rhea-internals/server';

const maxContainerIdLength = 256;

/** What an Open says of the device's connection. */
interface DeviceOpen {
  /** Absent where it is missing or too long. */
  readonly containerId: string | undefined;
  /** What the device can have once, where it asks for that. */
  readonly slot: string | undefined;
}

export function readOpen({ container_id: id, desired_capabilities: desired }: PeersOpen): DeviceOpen {
  if (typeof id !== 'string') return { containerId: undefined, slot: undefined };
  const isSole = [desired ?? []].flat().map(String).includes('sole-connection-for-container');
  return { containerId: id.length > maxContainerIdLength ? undefined : id, slot: isSole ? id : undefined };
}
