import { createDeadline, type Deadlines } from './deadlines.ts';
import { createLinkedList, type Linked } from './linked-list.ts';

export interface BlockTransfersOptions {
  readonly deadlines: Deadlines;
  readonly maxBytes: number;
  readonly maxPerPeer: number;
  readonly lifetimeMs: number;
}

/** Bodies that are transferred in blocks, by peer and name. Above a bound, the one that has waited longest is forgotten. */
export interface BlockTransfers<Body> {
  readonly size: number;
  readonly bytes: number;
  find(peer: unknown, name: string): Body | undefined;
  /** Keeps a body, in place of an older one of that name, for a lifetime from now on. */
  keep(peer: unknown, name: string, body: Body, bytes: number, now: number): void;
  drop(peer: unknown, name: string): void;
  forgetAll(peer: unknown): void;
}

interface Transfer<Body> extends Linked<Transfer<Body>> {
  readonly peer: unknown;
  readonly name: string;
  readonly body: Body;
  readonly bytes: number;
  readonly expiresAt: number;
}

/** What a transfer costs beside its body, roughly. */
const overheadBytes = 512;

export function createBlockTransfers<Body>({
  deadlines,
  maxBytes,
  maxPerPeer,
  lifetimeMs,
}: BlockTransfersOptions): BlockTransfers<Body> {
  const byPeer = new Map<unknown, Map<string, Transfer<Body>>>();
  const all = createLinkedList<Transfer<Body>>();
  const expiry = createDeadline((now) => {
    for (let { first } = all; first && first.expiresAt <= now; { first } = all) remove(first);
    if (all.first) deadlines.set(expiry, all.first.expiresAt);
  });
  let size = 0;
  let bytes = 0;

  function remove(transfer: Transfer<Body> | undefined): void {
    if (transfer === undefined) return;
    all.remove(transfer);
    size--;
    bytes -= transfer.bytes;
    const ofPeer = byPeer.get(transfer.peer);
    ofPeer?.delete(transfer.name);
    if (ofPeer?.size === 0) byPeer.delete(transfer.peer);
  }

  return {
    get size() {
      return size;
    },
    get bytes() {
      return bytes;
    },
    find: (peer, name) => byPeer.get(peer)?.get(name)?.body,
    keep(peer, name, body, bodyBytes, now) {
      remove(byPeer.get(peer)?.get(name));
      const transfer: Transfer<Body> = {
        peer,
        name,
        body,
        bytes: overheadBytes + bodyBytes,
        expiresAt: now + lifetimeMs,
        before: undefined,
        after: undefined,
      };
      const ofPeer = byPeer.get(peer) ?? new Map<string, Transfer<Body>>();
      byPeer.set(peer, ofPeer.set(name, transfer));
      all.append(transfer);
      size++;
      bytes += transfer.bytes;
      if (ofPeer.size > maxPerPeer) remove(ofPeer.values().next().value);
      while (bytes > maxBytes) remove(all.first);
      if (expiry.place === -1) deadlines.set(expiry, transfer.expiresAt);
    },
    drop: (peer, name) => remove(byPeer.get(peer)?.get(name)),
    forgetAll(peer) {
      for (const transfer of byPeer.get(peer)?.values() ?? []) remove(transfer);
    },
  };
}
