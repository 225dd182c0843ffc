import type { ConnectionId, Epoch } from '@rollcall/core';
import type { LeaseEntry, LeaseStanding } from '@rollcall/core/directory';
import { isUnconfirmed, slotKey, type SlotHolder } from '@rollcall/core/internal';
import type { Calls, LeaseName } from './calls.ts';
import { placeOf, type FleetState } from './fleet-state.ts';
import type { Member } from './member.ts';

type LeaseCall = 'enterLease' | 'keepLease' | 'report' | 'take' | 'isUnconfirmed' | 'giveUp' | 'note';
type LeaseAnswers = {
  readonly [Name in LeaseCall]: (asked: Calls[Name]['asked']) => Calls[Name]['answered'];
};

interface Fleet {
  readonly state: FleetState;
  lives(instance: string): boolean;
  unconfirmedSince(instance: string): Epoch | undefined;
  memberOf(instance: string): Member | undefined;
}

/** What the directory answers about leases: one for a device in the whole fleet. */
export function leaseCalls(fleet: Fleet, member: () => Member): LeaseAnswers {
  const { state } = fleet;
  const { clock } = state;
  const find = ({ device, slot }: LeaseName): { key: string | undefined; holder: SlotHolder | undefined } => {
    const key = slotKey(member().identity.type, device, slot);
    return { key, holder: state.holderOf(key) };
  };
  const isAt = (holder: SlotHolder | undefined, connection: ConnectionId, instance: string): boolean =>
    holder?.connection === connection && holder.instance === instance;

  function enter(entry: LeaseEntry): LeaseStanding {
    const { instance, type } = member().identity;
    const { connectionId, epoch } = entry.event;
    if (state.hasEnded(connectionId)) return { status: 'ended' };
    const { key, holder } = find(nameOf(entry));
    if (key === undefined) return { status: 'unknown' };
    const isEnding = holder !== undefined && state.isEnding(holder);
    if (isEnding && holder.connection === connectionId) return { status: 'ended' };
    if (!holder || isEnding) {
      state.add(instance, type, entry);
      state.hold(key, instance, entry, epoch);
      return { status: 'held' };
    }
    if (isAt(holder, connectionId, instance)) return { status: 'held' };
    const lease = state.leaseOf(holder);
    if (fleet.lives(holder.instance) && holder.instance !== instance) return { status: 'elsewhere', lease };
    state.move(holder, type, instance);
    return holder.connection === connectionId ? { status: 'held' } : { status: 'moved-here', lease };
  }

  return {
    enterLease: enter,
    keepLease({ entry, moved }) {
      const { instance, type } = member().identity;
      const { key, holder } = find(nameOf(entry));
      if (key === undefined || !holder || !isAt(holder, moved.event.connectionId, instance)) return null;
      state.remove(instance, holder.connection);
      state.add(moved.instance, type, holder.entry);
      state.add(instance, type, entry);
      state.hold(key, instance, entry, entry.event.epoch);
      return null;
    },
    report({ lease, sign }) {
      const { holder } = find(nameOf(lease));
      if (holder?.connection !== lease.event.connectionId || !fleet.lives(holder.instance))
        return { status: 'gone' };
      if (holder.lease) holder.lease.reportedAt = clock.monotonic();
      fleet.memberOf(holder.instance)?.tell({ what: 'heard', connection: holder.connection, sign });
      return { status: 'told', holderSilentMs: state.leaseOf(holder).state.silentMs };
    },
    take(lease) {
      const { instance, type } = member().identity;
      const { holder } = find(nameOf(lease));
      if (!holder || !isAt(holder, lease.event.connectionId, lease.instance) || state.isEnding(holder))
        return { status: 'gone' };
      const before = fleet.memberOf(holder.instance);
      state.move(holder, type, instance);
      before?.tell({ what: 'moved-away', connection: holder.connection, to: placeOf(holder) });
      return { status: 'taken', lease: state.leaseOf(holder) };
    },
    isUnconfirmed: ({ epoch, instance }) => isUnconfirmed({ epoch }, fleet.unconfirmedSince(instance)),
    giveUp({ connection, lease, quietMs }) {
      const { key, holder } = find(lease);
      if (key === undefined || !holder || !isAt(holder, connection, member().identity.instance))
        return { status: 'gone' };
      const reportedAt = holder.lease?.reportedAt;
      const agoMs = reportedAt === undefined ? Number.MAX_SAFE_INTEGER : clock.monotonic() - reportedAt;
      if (agoMs < quietMs) return { status: 'heard', agoMs };
      state.slots.delete(key);
      return { status: 'given-up' };
    },
    note({ connection, state: noted }) {
      const key = state.entries.get(member().identity.instance)?.get(connection)?.key;
      const holder = state.holderOf(key);
      if (holder?.connection !== connection || !holder.lease) return null;
      holder.lease.state = noted;
      holder.lease.notedAt = clock.monotonic();
      return null;
    },
  };
}

function nameOf({ event, slot }: Pick<LeaseEntry, 'event' | 'slot'>): LeaseName {
  return { device: event.device, slot };
}
