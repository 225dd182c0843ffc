import type { DevicePresence, OpenConnection } from '@rollcall/client';
import type { EventId } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import { isPrintable } from '@rollcall/core/text';

/**
 * The connections that an adapter had open, from lines that `devices --json` printed. The last line of each device counts.
 *
 * @throws Error when a line is not one of `devices --json`.
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

/** A `connected` that is never sent: the `disconnected` is made from it, and needs all but the id. */
function toConnected(connection: OpenConnection): ConnectedEvent {
  const { device, adapter, connectionId, epoch } = connection;
  const names = [device.tenant, device.device, adapter.type, adapter.instance, connectionId, epoch];
  // They would go into an event unchanged, and no adapter reports such names.
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
  if (!isPresence(parsed)) throw new Error(`line ${number} is not about a device`);
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
