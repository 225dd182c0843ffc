import type { AdapterHost, HeldProof } from '@rollcall/adapter-kit';
import type { DeviceAssociation } from './associations.ts';

/** Ends associations with the secret that let them in. */
export interface AssociationProofs {
  opened(association: DeviceAssociation): void;
  /** Whether what arrives on it is a sign of its device; if not, it is ended. */
  counts(association: DeviceAssociation): boolean;
  closed(association: DeviceAssociation): void;
}

export function createAssociationProofs(host: Pick<AdapterHost, 'holdProof' | 'log'>): AssociationProofs {
  const proofs = new Map<DeviceAssociation, HeldProof>();

  return {
    opened(association) {
      const held = host.holdProof(association.principal, (reason) => {
        host.log.debug({ ...association.principal.device, reason }, 'association ended');
        association.abort('accessDenied');
      });
      proofs.set(association, held);
    },
    counts(association) {
      if (proofs.get(association)?.isOver() === false) return true;
      association.abort('accessDenied');
      return false;
    },
    closed(association) {
      proofs.get(association)?.release();
      proofs.delete(association);
    },
  };
}
