import type { ConnectionId, Epoch } from '@rollcall/core';
import { isOpenHere } from './is-open-here.ts';
import type { NotedMark } from './stored-proofs.ts';
import { latestEpoch } from './latest-epoch.ts';
import type { LearnedRhythm } from './learned-rhythm.ts';
import type { Journal, OpenEntry, Owed, Place } from './journal.ts';

/**
 * Keeps open connections, rhythms and proofs in memory, so that an adapter can be started again on the same object. Events
 * are not kept: they wait only in the outbox, which bounds their bytes, and are lost with the process.
 */
export function createMemoryJournal(): Journal {
  const open = new Map<ConnectionId, OpenEntry>();
  const rhythms = new Map<string, LearnedRhythm>();
  const proofs = new Map<string, NotedMark>();
  const owed = new Map<string, Owed>();
  let proofKey: Uint8Array | undefined;
  let highWater: Epoch | undefined;
  let instance: string | undefined;
  let lastPlace: Place = 0;

  function owe(now: Owed): void {
    const key = JSON.stringify([now.sink, now.tenant, now.device]);
    if (now.pairs !== 0) owed.set(key, now);
    else owed.delete(key);
  }

  return {
    recover: async () => ({
      ...(highWater !== undefined && { highWater }),
      ...(instance !== undefined && { follows: instance }),
      async *pending() {},
      async *open() {
        yield [...open.values()];
      },
      rhythms: [...rhythms],
      owed: [...owed.values()],
      ...(proofKey && { proofs: { key: proofKey, proofs: [...proofs.values()] } }),
    }),
    usedBy(now) {
      instance = now;
    },
    append(outbound, _sinks, owedNow = []) {
      const { event, ofAnother } = outbound;
      for (const each of owedNow) owe(each);
      if (ofAnother !== true) highWater = latestEpoch(event, highWater);
      if (isOpenHere(outbound)) open.set(event.connectionId, { event: outbound.event });
      else if (event.type === 'disconnected') open.delete(event.connectionId);
      return { place: ++lastPlace, committed: undefined };
    },
    holds: () => false,
    read: async (places) => places.map(() => undefined),
    leaveOut: (_sink, _places, now) => owe(now),
    forget() {},
    park() {},
    endedByOthers(connections) {
      for (const connection of connections) open.delete(connection);
    },
    note(presence) {
      for (const [connection, noted] of presence) {
        const entry = open.get(connection);
        if (entry) open.set(connection, { event: entry.event, noted });
      }
    },
    learn(changes) {
      for (const [holder, gaps] of changes) {
        rhythms.delete(holder);
        if (gaps) rhythms.set(holder, gaps);
      }
    },
    prove({ key, noted, forgotten }) {
      proofKey = key ?? proofKey;
      for (const { hash } of [...forgotten, ...noted]) proofs.delete(hash);
      for (const mark of noted) proofs.set(mark.hash, mark);
    },
    backedBy() {},
    behind: () => false,
    begunAnew: 0,
    async close() {},
  };
}
