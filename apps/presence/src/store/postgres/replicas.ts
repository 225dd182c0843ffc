import type { Client } from '@rollcall/postgres';

/** How far a replica has read. */
export interface ReplicaProgress {
  readonly replica: string;
  readonly readThroughMs: number;
}

/** After how long without a note a replica counts as gone: its process has ended, and the network gives its events to the others. */
const goneAfterMs = 15_000;
/**
 * The same for a replica whose database session is still open: its process is stopped, or its host is lost. It may hold events which the
 * network gives to no other replica before it notices. Networks notice a silent peer within one or two minutes.
 */
const lostAfterMs = 180_000;

/** @param session the name of a database session of this replica: the server lists it for as long as the session is open. */
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

/** Forgets a replica that stops, and all that were lost long ago. */
export async function forgetReplica(client: Client, replica: string, nowMs: number): Promise<void> {
  await client.query('DELETE FROM replicas WHERE replica = $1 OR noted_at < $2', [
    replica,
    nowMs - lostAfterMs,
  ]);
}

/** The replicas that may hold events which no other replica gets. */
export async function readReplicas(client: Client, nowMs: number): Promise<readonly ReplicaProgress[]> {
  const { rows } = await client.query<{ readonly replica: string; readonly read_through: number }>(
    `SELECT replica, read_through FROM replicas r
     WHERE noted_at > $1 OR (noted_at > $2 AND EXISTS (
       SELECT FROM pg_stat_activity a WHERE a.datname = current_database() AND a.application_name = r.session))`,
    [nowMs - goneAfterMs, nowMs - lostAfterMs],
  );
  return rows.map(({ replica, read_through: readThroughMs }) => ({ replica, readThroughMs }));
}
