import { createFairSet } from './fair-set.ts';
import type { ServerAssociation } from './server-association.ts';
import { peerKey, type Peer } from './peer.ts';

/** All associations: by connection id, else by address. */
export interface AssociationTable<P> extends Iterable<ServerAssociation<P>> {
  readonly size: number;
  /** Returns the association that was at the same address before. */
  add(association: ServerAssociation<P>): ServerAssociation<P> | undefined;
  delete(association: ServerAssociation<P>): void;
  atAddress(key: string): ServerAssociation<P> | undefined;
  withConnectionId(id: Buffer): ServerAssociation<P> | undefined;
  /** Those of the principals with this key, the one silent longest first. */
  of(principalKey: string): Iterable<ServerAssociation<P>>;
  heard(association: ServerAssociation<P>): void;
  /**
   * Which association gives way to a newcomer that is already in the table; `undefined` while no limit is exceeded. Within the
   * newcomer's principal it is the one silent longest; among all, it is that of the principal that has most.
   *
   * @param maxOfPrincipal the limit of this principal, 0: any number; `undefined`: the limit that applies to all.
   */
  inTheWayOf(newcomer: ServerAssociation<P>, maxOfPrincipal?: number): ServerAssociation<P> | undefined;
  /** The association has another address now. */
  move(association: ServerAssociation<P>, to: Peer): void;
}

export interface AssociationTableOptions<P> {
  readonly principalKey: (principal: P) => string;
  readonly maxAssociations: number;
  /** 0: any number. */
  readonly maxAssociationsPerPrincipal: number;
}

export function createAssociationTable<P>(options: AssociationTableOptions<P>): AssociationTable<P> {
  const { principalKey, maxAssociations, maxAssociationsPerPrincipal } = options;
  const all = new Set<ServerAssociation<P>>();
  const byPrincipal = createFairSet<ServerAssociation<P>>(1);
  const byAddress = new Map<string, ServerAssociation<P>>();
  const byConnectionId = new Map<string, ServerAssociation<P>>();

  function leaveAddress(association: ServerAssociation<P>): void {
    if (byAddress.get(association.peerKey) === association) byAddress.delete(association.peerKey);
  }

  return {
    get size() {
      return all.size;
    },
    add(association) {
      const before = byAddress.get(association.peerKey);
      all.add(association);
      byPrincipal.add(association, [principalKey(association.principal)]);
      byAddress.set(association.peerKey, association);
      if (association.hasConnectionId)
        byConnectionId.set(idKey(association.records.readConnectionId), association);
      return before;
    },
    delete(association) {
      all.delete(association);
      byPrincipal.delete(association);
      leaveAddress(association);
      const id = idKey(association.records.readConnectionId);
      if (byConnectionId.get(id) === association) byConnectionId.delete(id);
    },
    atAddress: (key) => byAddress.get(key),
    withConnectionId: (id) => byConnectionId.get(idKey(id)),
    of: (key) => byPrincipal.of([key]),
    heard: (association) => byPrincipal.touch(association),
    inTheWayOf(newcomer, maxOfPrincipal = maxAssociationsPerPrincipal) {
      const groups = [principalKey(newcomer.principal)];
      if (maxOfPrincipal > 0 && byPrincipal.count(groups) > maxOfPrincipal)
        return byPrincipal.leastFair(groups);
      return all.size > maxAssociations ? byPrincipal.leastFair() : undefined;
    },
    move(association, to) {
      leaveAddress(association);
      association.peer = to;
      association.peerKey = peerKey(to);
      // An association that is there already stays: without a connection id it can be found by its address only.
      if (!byAddress.has(association.peerKey)) byAddress.set(association.peerKey, association);
    },
    [Symbol.iterator]: () => all.values(),
  };
}

function idKey(id: Buffer): string {
  return id.toString('latin1');
}
