import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { copiedAtFact, partFact } from './journal-facts.ts';
import { toStanding } from './read-store.ts';
import { settled } from './settled.ts';
import type { Batch, ProofBatch, Settlement, Standing } from './stored.ts';

/** Writes to a store; each call is part of the open transaction, or is one by itself. */
export class StoreWrites {
  readonly #statements: ReturnType<typeof prepared>;
  #latest: { readonly standing: Standing; readonly waiting: string; readonly parked: string } | undefined;

  constructor(database: DatabaseSync) {
    this.#statements = prepared(database);
  }

  /** Keeps a fact about the journal itself. */
  putFact(name: string, value: string): void {
    this.#statements.putFact.run(name, value);
  }

  removeFact(name: string): void {
    this.#statements.removeFact.run(name);
  }

  change({
    highWater,
    instance,
    removed,
    inserted,
    updated,
    settled: settledNow,
    rhythms,
    proofs,
    owed,
  }: Batch): void {
    if (highWater !== undefined) this.putFact('high-water', highWater);
    if (instance !== undefined) {
      this.putFact('instance', instance);
      // An adapter uses the journal from now on, so it does not count as a copy any more.
      for (const fact of [partFact, copiedAtFact]) this.removeFact(fact);
    }
    // Removals first, since they make room.
    for (const seq of removed) this.#remove(seq);
    for (const [seq, settlements] of settledNow) this.#settle(seq, settlements);
    for (const [seq, standing] of updated) this.#stand(seq, standing);
    for (const { seq, facts, downstream, standing } of inserted) {
      this.#statements.insertEvent.run(seq, facts, downstream);
      this.#stand(seq, standing);
    }
    for (const [holder, gaps] of rhythms) {
      if (gaps === undefined) this.#statements.removeRhythm.run(holder);
      else this.#statements.putRhythm.run(holder, gaps);
    }
    if (proofs) this.#prove(proofs);
    if (owed) this.#owe(owed);
  }

  #stand(seq: number, standing: Standing): void {
    // In a batch from another thread, events share standings: each is made into text once for all that follow each other.
    if (standing !== this.#latest?.standing)
      this.#latest = {
        standing,
        waiting: JSON.stringify(standing.waiting),
        parked: JSON.stringify(standing.parked),
      };
    const { waiting, parked } = this.#latest;
    const { open, lastSeen, lease } = standing;
    this.#statements.putStanding.run(seq, open ? 1 : 0, waiting, parked, lastSeen ?? null, lease ?? null);
  }

  #remove(seq: number): void {
    this.#statements.removeEvent.run(seq);
    this.#statements.removeStanding.run(seq);
  }

  #settle(seq: number, settlements: readonly Settlement[]): void {
    const row = this.#statements.standingOf.get(seq);
    if (!row) return;
    const standing = settled(toStanding(row), settlements);
    if (standing) this.#stand(seq, standing);
    else this.#remove(seq);
  }

  #prove({ key, marks }: ProofBatch): void {
    if (key) this.putFact('proof-key', Buffer.from(key).toString('base64'));
    for (const { name, hash, at } of marks) {
      if (at === undefined) this.#statements.removeProof.run(hash);
      else this.#statements.putProof.run(hash, name, at);
    }
  }

  #owe(owed: NonNullable<Batch['owed']>): void {
    for (const { tenant, device, sink, pairs } of owed) {
      if (pairs === 0) this.#statements.removeOwed.run(tenant, device, sink);
      else this.#statements.putOwed.run(tenant, device, sink, pairs);
    }
  }
}

function prepared(database: DatabaseSync): Readonly<Record<keyof typeof statements, StatementSync>> {
  const entries = Object.entries(statements).map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(entries) as Record<keyof typeof statements, StatementSync>;
}

const statements = {
  insertEvent: 'INSERT OR REPLACE INTO event VALUES (?, ?, ?)',
  putStanding: 'INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?)',
  standingOf: 'SELECT open, waiting, parked, last_seen, lease FROM standing WHERE seq = ?',
  removeEvent: 'DELETE FROM event WHERE seq = ?',
  removeStanding: 'DELETE FROM standing WHERE seq = ?',
  // The replacement is a new row, and so has a new place in the order.
  putRhythm: 'INSERT OR REPLACE INTO rhythm (holder, gaps) VALUES (?, ?)',
  removeRhythm: 'DELETE FROM rhythm WHERE holder = ?',
  putProof: 'INSERT OR REPLACE INTO proof (hash, name, at) VALUES (?, ?, ?)',
  removeProof: 'DELETE FROM proof WHERE hash = ?',
  putOwed: 'INSERT OR REPLACE INTO owed (tenant, device, sink, pairs) VALUES (?, ?, ?, ?)',
  removeOwed: 'DELETE FROM owed WHERE tenant = ? AND device = ? AND sink = ?',
  putFact: 'INSERT OR REPLACE INTO journal VALUES (?, ?)',
  removeFact: 'DELETE FROM journal WHERE name = ?',
} as const;
