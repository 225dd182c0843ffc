import type { CloseReason } from '@rollcall/dtls';
import type { Arrival } from '@rollcall/presence/leases';
import type { DeviceAssociation } from './associations.ts';

/** Knows how associations end, for requests that are under way on them. */
export interface AssociationEnds {
  closed(association: DeviceAssociation, reason: CloseReason, arrival: Arrival): void;
  /** Aborts when the association is closed, or the adapter stops: nothing is sent to the device any more. */
  signalOf(association: DeviceAssociation): AbortSignal;
  /** When the word of its device that closed it arrived; `undefined`: the device did not close it. */
  goodbyeOf(association: DeviceAssociation): Arrival | undefined;
}

export function createAssociationEnds(stopping: AbortSignal): AssociationEnds {
  /** Of associations that were asked for their signal. */
  const ends = new WeakMap<DeviceAssociation, AbortController>();
  const goodbyes = new WeakMap<DeviceAssociation, Arrival>();

  return {
    closed(association, reason, arrival) {
      ends.get(association)?.abort();
      if (reason === 'close-notify') goodbyes.set(association, arrival);
    },
    signalOf(association) {
      const end = ends.get(association) ?? new AbortController();
      ends.set(association, end);
      if (!association.isOpen) end.abort();
      return AbortSignal.any([stopping, end.signal]);
    },
    goodbyeOf: (association) => goodbyes.get(association),
  };
}
