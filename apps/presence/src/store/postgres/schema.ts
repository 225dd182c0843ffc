import { fewerIndexes } from './fewer-indexes.ts';
import { openByInstance } from './open-by-instance.ts';
import { migrate as migrateTables, type Queries } from '@rollcall/postgres';

/**
 * The condition of the index `connections_ended_lately`. It is true for all endings: no time in JavaScript is earlier. The planner uses
 * a partial index only for queries with its condition. So queries about a period have it, and queries about a device do not.
 */
export const isInEndingsInTime = 'ended_at > -8640000000000001';

/** The steps of the migration. Released steps never change; a new one is added at the end. */
export const steps: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

  -- Each connection that is open or kept, by what its events say. Facts and ending are JSON. Ids are ordered by their bytes.
  CREATE TABLE connections (
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    facts TEXT NOT NULL,
    adapter_id TEXT COLLATE "C" NOT NULL,
    instance TEXT NOT NULL,
    holder TEXT COLLATE "C",
    epoch TEXT COLLATE "C" NOT NULL,
    connected_at BIGINT NOT NULL,
    heard BIGINT NOT NULL,
    is_silent BOOLEAN NOT NULL DEFAULT false,
    ending TEXT,
    ended_at BIGINT,
    ended_by TEXT COLLATE "C",
    ended_epoch TEXT,
    PRIMARY KEY (tenant, device, id)
  );
  CREATE INDEX connections_in_time ON connections (tenant, device, connected_at, id);
  CREATE INDEX connections_ended ON connections (tenant, device, ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX connections_open ON connections (tenant, device) WHERE ended_at IS NULL;
  CREATE INDEX connections_held ON connections (tenant, device, holder, epoch) WHERE holder IS NOT NULL;
  CREATE INDEX connections_heard ON connections (tenant, adapter_id, is_silent, heard) WHERE ended_at IS NULL;
  CREATE INDEX connections_of_adapters ON connections (tenant, adapter_id, device) WHERE ended_at IS NULL;
  CREATE INDEX connections_begun_lately ON connections (tenant, connected_at);
  CREATE INDEX connections_ended_lately ON connections (tenant, ended_at) WHERE ended_at IS NOT NULL;

  CREATE TABLE devices (
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    since BIGINT,
    protocol TEXT,
    reason TEXT,
    adapter_id TEXT,
    last_ending TEXT COLLATE "C",
    said TEXT,
    PRIMARY KEY (tenant, device)
  );
  CREATE INDEX devices_counted ON devices (tenant, status, protocol, reason, adapter_id);

  CREATE TABLE adapters (
    tenant TEXT COLLATE "C" NOT NULL,
    adapter_id TEXT COLLATE "C" NOT NULL,
    last_heard BIGINT NOT NULL,
    interval BIGINT,
    listened BIGINT NOT NULL,
    last_announcement BIGINT NOT NULL,
    new_instance TEXT,
    new_epoch TEXT,
    closed_through TEXT,
    is_silent BOOLEAN NOT NULL DEFAULT false,
    look_after TEXT COLLATE "C", -- all its connections are to be looked at again, those of devices behind this one
    PRIMARY KEY (tenant, adapter_id)
  );

  -- Written under the lock of writers alone: numbers follow the order of commits.
  CREATE TABLE changes (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    state TEXT NOT NULL
  );
  CREATE INDEX changes_of_tenants ON changes (tenant, number);
  CREATE INDEX changes_of_devices ON changes (tenant, device);

  CREATE TABLE replicas (replica TEXT PRIMARY KEY, read_through BIGINT NOT NULL, noted_at BIGINT NOT NULL);
  `,
  `
  ALTER TABLE connections ALTER COLUMN ended_epoch TYPE TEXT COLLATE "C";
  CREATE INDEX connections_ended_in_order ON connections (tenant, device, ended_epoch) WHERE ended_epoch IS NOT NULL;
  `,
  `
  -- Which incarnations of adapters were heard, over all tenants.
  CREATE TABLE instances (
    adapter_id TEXT COLLATE "C" NOT NULL,
    instance TEXT COLLATE "C" NOT NULL,
    adapter_type TEXT NOT NULL,
    heard_at BIGINT NOT NULL,
    announced_at BIGINT,
    interval BIGINT,
    PRIMARY KEY (adapter_id, instance)
  );
  CREATE INDEX instances_by_name ON instances (instance);
  CREATE INDEX instances_heard ON instances (heard_at);
  `,
  fewerIndexes,
  `
  -- Of one device, connections must be found by the device, whatever the planner knows of how many there are. A tree of tenants first,
  -- of few rows, looks as good to it until the table is analysed. So that tree has a condition that such a question does not have.
  DROP INDEX connections_heard;
  CREATE INDEX connections_heard ON connections (tenant, adapter_id, heard) WHERE ended_at IS NULL AND NOT is_silent;
  `,
  `
  -- Many connections may end at one time: they are listed in the order of this tree, and none is sorted for that.
  DROP INDEX connections_ended_lately;
  CREATE INDEX connections_ended_lately ON connections (tenant, ended_at, device) WHERE ended_at > -8640000000000001;
  `,
  openByInstance,
  `
  -- The name of a session of the replica, which tells one that stands still from one that is gone.
  ALTER TABLE replicas ADD COLUMN session TEXT;
  `,
  `
  -- The latest incarnation with a new journal that was known when the connection was announced: that journal knows the connection.
  ALTER TABLE connections ADD COLUMN announced_after TEXT;
  `,
  // It is noted of each connection whether its state is unknown, no longer of all of a device: the next sweeps check them all.
  "UPDATE adapters SET look_after = ''",
];

/** @param newest the version to migrate to; tests use older ones. */
export function migrate(queries: Pick<Queries, 'patiently'>, newest: number = steps.length): Promise<void> {
  return migrateTables(queries, { table: 'presence_version', steps, newest });
}
