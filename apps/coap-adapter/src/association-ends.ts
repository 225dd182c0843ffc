import type { CloseReason } from '@rollcall/dtls';
import type { DeviceAssociation } from './associations.ts';

/** Knows how associations end, for requests that are under way on them. */
export interface AssociationEnds {
  closed(association: DeviceAssociation, reason: CloseReason): void;
  /** Aborts when the association is closed, or the adapter stops: nothing is sent to the device any more. */
  signalOf(association: DeviceAssociation): AbortSignal;
  /** Whether its device closed it. */
  wasLeft(association: DeviceAssociation): boolean;
}

export function createAssociationEnds(stopping: AbortSignal): AssociationEnds {
  /** Of associations that were asked for their signal. */
  const ends = new WeakMap<DeviceAssociation, AbortController>();
  const left = new WeakSet<DeviceAssociation>();

  return {
    closed(association, reason) {
      ends.get(association)?.abort();
      if (reason === 'close-notify') left.add(association);
    },
    signalOf(association) {
      const end = ends.get(association) ?? new AbortController();
      ends.set(association, end);
      if (!association.isOpen) end.abort();
      return AbortSignal.any([stopping, end.signal]);
    },
    wasLeft: (association) => left.has(association),
  };
}
