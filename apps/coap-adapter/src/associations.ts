import type { AuthenticatedDevice } from '@rollcall/access';
import { holderKey } from '@rollcall/presence/leases';
import type { Association } from '@rollcall/dtls';

export type DeviceAssociation = Association<AuthenticatedDevice>;

/**
 * The associations that are open, by the holder of leases that they belong to.
 *
 * One that was silent since its holder made a newer one does not count: a device that crashed, or lost its keys while asleep, leaves it
 * behind, and it stays open until it was idle for too long. If the device uses it again, it counts again.
 */
export interface Associations {
  opened(association: DeviceAssociation): void;
  /** A message arrived on it: a device is reached over its latest one. */
  heard(association: DeviceAssociation): void;
  /** @returns whether its holder has no other one that counts. */
  closed(association: DeviceAssociation): boolean;
  /** The one that was heard last, of those that count. */
  latest(holder: AuthenticatedDevice): DeviceAssociation | undefined;
  /** All of them. */
  of(holder: AuthenticatedDevice): readonly DeviceAssociation[];
}

interface Open {
  readonly association: DeviceAssociation;
  /** Whether it was silent since its holder made a newer one. */
  isLeftBehind: boolean;
}

export function createAssociations(): Associations {
  /** The one heard last is the last one. */
  const byHolder = new Map<string, Open[]>();

  function ofHolder(holder: AuthenticatedDevice): readonly Open[] {
    return byHolder.get(holderKey(holder)) ?? [];
  }

  return {
    opened(association) {
      const key = holderKey(association.principal);
      const open = byHolder.get(key) ?? [];
      for (const each of open) each.isLeftBehind = true;
      open.push({ association, isLeftBehind: false });
      byHolder.set(key, open);
    },
    heard(association) {
      const open = byHolder.get(holderKey(association.principal));
      if (!open) return;
      const latest = open.at(-1);
      if (latest?.association === association) {
        latest.isLeftBehind = false;
        return;
      }
      const [heard] = open.splice(
        open.findIndex((each) => each.association === association),
        1,
      );
      if (!heard) return;
      heard.isLeftBehind = false;
      open.push(heard);
    },
    closed(association) {
      const key = holderKey(association.principal);
      const left = (byHolder.get(key) ?? []).filter((each) => each.association !== association);
      if (left.length > 0) byHolder.set(key, left);
      else byHolder.delete(key);
      return left.every(({ isLeftBehind }) => isLeftBehind);
    },
    latest: (holder) => ofHolder(holder).findLast(({ isLeftBehind }) => !isLeftBehind)?.association,
    of: (holder) => ofHolder(holder).map(({ association }) => association),
  };
}
