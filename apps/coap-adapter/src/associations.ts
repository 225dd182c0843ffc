import { holderKey, type AuthenticatedDevice } from '@rollcall/adapter-kit';
import type { Association } from '@rollcall/dtls';

export type DeviceAssociation = Association<AuthenticatedDevice>;

/** The associations that are open, by the holder of leases that they belong to. */
export interface Associations {
  opened(association: DeviceAssociation): void;
  /** Something arrived on it: the latest one is where a device is to be reached. */
  heard(association: DeviceAssociation): void;
  /** @returns whether it was the last one of its holder. */
  closed(association: DeviceAssociation): boolean;
  latest(holder: AuthenticatedDevice): DeviceAssociation | undefined;
  of(holder: AuthenticatedDevice): readonly DeviceAssociation[];
}

export function createAssociations(): Associations {
  /** The one heard last is the last one. */
  const byHolder = new Map<string, DeviceAssociation[]>();

  return {
    opened(association) {
      const key = holderKey(association.principal);
      const open = byHolder.get(key);
      if (open) open.push(association);
      else byHolder.set(key, [association]);
    },
    heard(association) {
      const open = byHolder.get(holderKey(association.principal));
      if (!open || open.at(-1) === association) return;
      open.splice(open.indexOf(association), 1);
      open.push(association);
    },
    closed(association) {
      const key = holderKey(association.principal);
      const left = (byHolder.get(key) ?? []).filter((each) => each !== association);
      if (left.length > 0) byHolder.set(key, left);
      else byHolder.delete(key);
      return left.length === 0;
    },
    latest: (holder) => byHolder.get(holderKey(holder))?.at(-1),
    of: (holder) => [...(byHolder.get(holderKey(holder)) ?? [])],
  };
}
