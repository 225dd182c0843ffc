import type { HeldProof, HostAccess } from '@rollcall/access';
import type { HostContext } from '@rollcall/adapter-kit';
import type { DeviceAssociation } from './associations.ts';

/** Ends associations with the secret that let them in. */
export interface AssociationProofs {
  opened(association: DeviceAssociation): void;
  /** Whether a message on it is a sign of its device. If not, the association is ended, unless that is not known yet. */
  counts(association: DeviceAssociation): boolean;
  closed(association: DeviceAssociation): void;
}

export function createAssociationProofs({
  log,
  holdProof,
}: Pick<HostContext, 'log'> & Pick<HostAccess, 'holdProof'>): AssociationProofs {
  const proofs = new Map<DeviceAssociation, HeldProof>();

  return {
    opened(association) {
      const held = holdProof(association.principal, (reason) => {
        log.debug({ ...association.principal.device, reason }, 'association ended');
        association.abort('accessDenied');
      });
      proofs.set(association, held);
    },
    counts(association) {
      const held = proofs.get(association);
      // The device repeats messages that get no answer.
      if (held?.isInDoubt()) return false;
      if (held?.isOver() === false) return true;
      association.abort('accessDenied');
      return false;
    },
    closed(association) {
      proofs.get(association)?.release();
      proofs.delete(association);
    },
  };
}
