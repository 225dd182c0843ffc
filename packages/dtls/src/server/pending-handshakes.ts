import type { MessageCollector } from '../wire/message-collector.ts';
import type { Handshake } from './handshake.ts';
import { addressBlock, type Peer } from './peer.ts';

/** A client whose cookie was genuine, and whose handshake is not over. */
export interface Pending {
  readonly key: string;
  readonly peer: Peer;
  readonly startedAt: number;
  /** What its ClientHello began with: another one is another handshake. */
  readonly clientRandom: Buffer;
  readonly helloSequence: number;
  /** Until the ClientHello is there. */
  hello: MessageCollector | undefined;
  /** From then on, unless it waits for leave to resume a session. */
  handshake: Handshake | undefined;
}

export interface PendingHandshakes extends Iterable<Pending> {
  readonly size: number;
  get(key: string): Pending | undefined;
  hasRoomFor(peer: Peer): boolean;
  add(pending: Pending): void;
  delete(pending: Pending): void;
}

export interface PendingLimits {
  readonly maxPendingHandshakes: number;
  readonly maxPendingPerAddress: number;
}

export function createPendingHandshakes(limits: PendingLimits): PendingHandshakes {
  const byKey = new Map<string, Pending>();
  const countByBlock = new Map<string, number>();

  function count({ address }: Peer, change: 1 | -1): void {
    const block = addressBlock(address);
    const after = (countByBlock.get(block) ?? 0) + change;
    if (after === 0) countByBlock.delete(block);
    else countByBlock.set(block, after);
  }

  return {
    get size() {
      return byKey.size;
    },
    get: (key) => byKey.get(key),
    hasRoomFor({ address }) {
      const ofAddress = countByBlock.get(addressBlock(address)) ?? 0;
      return byKey.size < limits.maxPendingHandshakes && ofAddress < limits.maxPendingPerAddress;
    },
    add(pending) {
      byKey.set(pending.key, pending);
      count(pending.peer, 1);
    },
    delete(pending) {
      if (byKey.get(pending.key) !== pending) return;
      byKey.delete(pending.key);
      count(pending.peer, -1);
    },
    [Symbol.iterator]: () => byKey.values(),
  };
}
