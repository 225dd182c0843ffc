import type { DevicePresence, OpenConnection } from '@rollcall/client';
import { isPrintable, type ConnectedEvent, type EventId } from '@rollcall/core';

/**
 * What an adapter had open, from the lines that `devices --json` printed: the last line of a device counts.
 *
 * @throws Error where a line is no such thing.
 */
export function openInTable(lines: string, adapterId: string): readonly ConnectedEvent[] {
  const latest = new Map<string, DevicePresence>();
  for (const [index, line] of lines.split('\n').entries()) {
    if (line.trim() === '') continue;
    const presence = parseLine(line, index + 1);
    latest.set(`${presence.device.tenant}\n${presence.device.device}`, presence);
  }
  const connections = [...latest.values()].flatMap((presence) =>
    presence.status === 'offline' ? [] : presence.connections,
  );
  return connections.filter(({ adapter }) => adapter.id === adapterId).map(toConnected);
}

/** Nobody sees this `connected`: its other half needs all but the id. */
function toConnected(connection: OpenConnection): ConnectedEvent {
  const { device, adapter, connectionId, epoch } = connection;
  const names = [device.tenant, device.device, adapter.type, adapter.instance, connectionId, epoch];
  // They become an event as they are: no adapter gave such.
  if (!names.every((name) => typeof name === 'string' && isPrintable(name)))
    throw new Error(`a connection of ${device.tenant}/${device.device} has names that cannot be shown`);
  return { ...connection, type: 'connected', id: '' as EventId };
}

function parseLine(line: string, number: number): DevicePresence {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new Error(`line ${number} is not JSON`);
  }
  if (!isPresence(parsed)) throw new Error(`line ${number} does not tell of a device`);
  const { tenant, device, ...rest } = parsed;
  return { ...rest, device: { tenant, device } } as unknown as DevicePresence;
}

function isPresence(value: unknown): value is { readonly tenant: string; readonly device: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'tenant' in value &&
    'device' in value &&
    'status' in value &&
    (value.status === 'offline' || ('connections' in value && Array.isArray(value.connections)))
  );
}
