import type { Client } from '@rollcall/postgres';

/** How far a replica has read. */
export interface ReplicaProgress {
  readonly replica: string;
  readonly readThroughMs: number;
}

/** After how long without a note a replica is not waited for: its process is gone, and the network gives its events to the others. */
const goneAfterMs = 15_000;
/**
 * The same of one whose session at the database is still there: it stands still, or its host is lost. It may have events that the network
 * gives to no other before it notices. Networks notice a silent peer within one or two minutes.
 */
const lostAfterMs = 180_000;

/** @param session the name of a session of this replica, as the server lists it for as long as the session is there. */
export async function noteReplica(
  client: Client,
  { replica, readThroughMs }: ReplicaProgress,
  session: string,
  nowMs: number,
): Promise<void> {
  await client.query(
    `WITH alive AS (
       INSERT INTO meta VALUES ('alive', $3::text) ON CONFLICT (name) DO UPDATE SET value = excluded.value)
     INSERT INTO replicas (replica, read_through, noted_at, session) VALUES ($1, $2, $3::bigint, $4)
     ON CONFLICT (replica) DO UPDATE
       SET read_through = excluded.read_through, noted_at = excluded.noted_at, session = excluded.session`,
    [replica, readThroughMs, String(nowMs), session],
  );
}

/** Forgets one that stops, and those that were lost long ago. */
export async function forgetReplica(client: Client, replica: string, nowMs: number): Promise<void> {
  await client.query('DELETE FROM replicas WHERE replica = $1 OR noted_at < $2', [
    replica,
    nowMs - lostAfterMs,
  ]);
}

/** Those that may have events that no other has. */
export async function readReplicas(client: Client, nowMs: number): Promise<readonly ReplicaProgress[]> {
  const { rows } = await client.query<{ readonly replica: string; readonly read_through: number }>(
    `SELECT replica, read_through FROM replicas r
     WHERE noted_at > $1 OR (noted_at > $2 AND EXISTS (
       SELECT FROM pg_stat_activity a WHERE a.datname = current_database() AND a.application_name = r.session))`,
    [nowMs - goneAfterMs, nowMs - lostAfterMs],
  );
  return rows.map(({ replica, read_through: readThroughMs }) => ({ replica, readThroughMs }));
}
