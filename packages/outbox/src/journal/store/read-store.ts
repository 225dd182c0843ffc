import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Page, Standing, StoredEvent, StoreReads } from './stored.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

/** Reads a journal's file, some rows at a time. Each read is short, so that writes do not wait for it. */
export function createStoreReads(database: DatabaseSync): StoreReads {
  // The small table leads: at most times, most events are not needed and not open.
  const joined = 'FROM standing CROSS JOIN event USING (seq) WHERE seq > ? AND seq <= ?';
  const pending = database.prepare(
    `SELECT seq, facts ->> '$.device.tenant' AS tenant, facts ->> '$.device.device' AS device, facts ->> '$.at' AS at,
            length(facts) AS bytes, waiting, parked
     ${joined} AND (waiting <> '[]' OR parked <> '{}') ORDER BY seq LIMIT ?`,
  );
  const open = database.prepare(
    `SELECT seq, facts, downstream ->> '$.announcement' AS announcement, open, waiting, parked, last_seen, lease ${joined} AND open = 1 ORDER BY seq LIMIT ?`,
  );
  const rhythms = database.prepare(
    'SELECT heard AS seq, holder, gaps FROM rhythm WHERE heard > ? AND heard <= ? ORDER BY heard LIMIT ?',
  );
  const proofs = database.prepare(
    'SELECT given AS seq, name, hash, at FROM proof WHERE given > ? AND given <= ? ORDER BY given LIMIT ?',
  );
  const owed = database.prepare(
    'SELECT id AS seq, tenant, device, sink, pairs FROM owed WHERE id > ? AND id <= ? ORDER BY id LIMIT ?',
  );
  const event = database.prepare('SELECT seq, facts, downstream FROM event WHERE seq = ?');
  const bounds = ({ after, upTo, limit }: Page): [number, number, number] => [after, upTo, limit];

  return {
    pending: (page) =>
      pending.all(...bounds(page)).map((row) => ({
        seq: Number(row['seq']),
        tenant: String(row['tenant']),
        device: String(row['device']),
        at: Number(row['at']),
        bytes: Number(row['bytes']),
        sinks: unconfirmedBy(row),
      })),
    open: (page) =>
      open.all(...bounds(page)).map((row) => ({
        seq: Number(row['seq']),
        facts: String(row['facts']),
        announcement: row['announcement'] === 1,
        standing: toStanding(row),
      })),
    rhythms: (page) =>
      rhythms.all(...bounds(page)).map(({ seq, holder, gaps }) => ({
        seq: Number(seq),
        holder: String(holder),
        gaps: String(gaps),
      })),
    proofs: (page) =>
      proofs.all(...bounds(page)).map(({ seq, name, hash, at }) => ({
        seq: Number(seq),
        name: String(name),
        hash: String(hash),
        at: Number(at),
      })),
    owed: (page) =>
      owed.all(...bounds(page)).map(({ seq, tenant, device, sink, pairs }) => ({
        seq: Number(seq),
        tenant: String(tenant),
        device: Number(device),
        sink: String(sink),
        pairs: Number(pairs),
      })),
    events: (seqs) => seqs.flatMap((seq) => toEvents(event.get(seq))),
  };
}

function toEvents(row: Row | undefined): readonly StoredEvent[] {
  if (!row) return [];
  const { seq, facts, downstream } = row;
  return [{ seq: Number(seq), facts: String(facts), downstream: String(downstream) }];
}

function unconfirmedBy(row: Row): readonly string[] {
  const { waiting, parked } = toStanding(row);
  return [...new Set([...waiting, ...Object.keys(parked)])];
}

/** @throws Error if a row is not valid. */
export function toStanding({ open, waiting, parked, last_seen: lastSeen, lease }: Row): Standing {
  return {
    open: open === 1,
    waiting: JSON.parse(String(waiting)) as string[],
    parked: JSON.parse(String(parked)) as Record<string, string>,
    ...(typeof lastSeen === 'number' && { lastSeen }),
    ...(typeof lease === 'string' && { lease }),
  };
}
