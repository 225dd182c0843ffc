import type { DeviceRef } from '@rollcall/core';
import {
  OwnEntries,
  type ConnectionDirectory,
  type DirectoryContext,
  type DirectoryPlace,
} from '@rollcall/core/directory';

/**
 * The directory of an adapter that is alone: no server, and no other instance. This incarnation ends the open
 * connections of an earlier one from its journal.
 */
export function createLocalDirectory({
  self: { instance },
  listener,
}: Pick<DirectoryContext, 'self' | 'listener'>): ConnectionDirectory {
  const entries = new OwnEntries();

  function placesOf(device: DeviceRef): DirectoryPlace[] {
    const places: DirectoryPlace[] = [];
    for (const { event } of entries.all())
      if (event.device.device === device.device && event.device.tenant === device.tenant)
        places.push({ device, connection: event.connectionId, instance });
    return places;
  }

  return {
    enter(entry) {
      const { device, connectionId: connection } = entry.event;
      const displaced = entries.add(entry);
      if (displaced) listener.displaced(displaced.event.connectionId, { device, connection, instance });
      return held;
    },
    leave(entry) {
      entries.delete(entry);
      return undefined;
    },
    holderHere: (device, slot) => entries.holderOf(device, slot)?.event.connectionId,
    isHeld: (_kind, device, slot) => Promise.resolve(entries.holderOf(device, slot) !== undefined),
    // Nothing in an adapter asks for it often: an index would cost each connect.
    find: (devices) => Promise.resolve(devices.flatMap(placesOf)),
    elsewhere: () => 0,
    leases: {
      enter(entry) {
        entries.add(entry);
        return Promise.resolve({ status: 'held' });
      },
      report: () => Promise.resolve({ status: 'gone' }),
      take: () => Promise.resolve({ status: 'gone' }),
      isUnconfirmed: () => Promise.resolve(false),
      giveUp: () => Promise.resolve({ status: 'given-up' }),
      note() {},
    },
    succeed: () => Promise.resolve({ whose: 'ours' }),
    settled() {},
    alive: true,
    status: 'local',
    sight: undefined,
    counts: () => ({}),
    close: () => Promise.resolve(),
  };
}

const held = Promise.resolve('held' as const);
