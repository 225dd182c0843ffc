import { openByInstance } from './open-by-instance.ts';
import { rowsInOrderOfTime } from './rows-in-order-of-time.ts';

/** The steps of the migration. Released steps never change; a new one is added at the end. */
export const steps: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- Each connection that is open or kept, by what its events say. Facts and ending are JSON.
  CREATE TABLE connections (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    id TEXT NOT NULL,
    facts TEXT NOT NULL,
    adapter_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    holder TEXT,             -- what only one connection of the device can hold: adapter type and slot
    epoch TEXT NOT NULL,
    connected_at INTEGER NOT NULL,
    heard INTEGER NOT NULL,  -- for how long its adapter had been listened to when its last news came
    is_silent INTEGER NOT NULL DEFAULT 0,
    ending TEXT,
    ended_at INTEGER,
    ended_by TEXT,           -- id of the event: of several endings at one time, the smallest counts
    ended_epoch TEXT,
    PRIMARY KEY (tenant, device, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX connections_in_time ON connections (tenant, device, connected_at, id);
  CREATE INDEX connections_ended ON connections (tenant, device, ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX connections_open ON connections (tenant, device) WHERE ended_at IS NULL;
  CREATE INDEX connections_held ON connections (tenant, device, holder, epoch) WHERE holder IS NOT NULL;
  CREATE INDEX connections_heard ON connections (tenant, adapter_id, is_silent, heard) WHERE ended_at IS NULL;
  CREATE INDEX connections_begun_lately ON connections (tenant, connected_at);
  CREATE INDEX connections_ended_lately ON connections (tenant, ended_at) WHERE ended_at IS NOT NULL;

  -- What is known of each device, as it is answered.
  CREATE TABLE devices (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    since INTEGER,
    protocol TEXT,
    reason TEXT,
    adapter_id TEXT,
    last_ending TEXT,        -- id of the connection whose ending is kept for as long as the device is known
    said TEXT,
    PRIMARY KEY (tenant, device)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX devices_counted ON devices (tenant, status, protocol, reason, adapter_id);

  CREATE TABLE adapters (
    tenant TEXT NOT NULL,
    adapter_id TEXT NOT NULL,
    last_heard INTEGER NOT NULL,
    interval INTEGER,
    listened INTEGER NOT NULL,
    last_announcement INTEGER NOT NULL,
    new_instance TEXT,
    new_epoch TEXT,
    closed_through TEXT,     -- connections up to this epoch that are not kept are over
    PRIMARY KEY (tenant, adapter_id)
  ) STRICT, WITHOUT ROWID;

  -- In the order of commits: there is one writer.
  CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX changes_of_tenants ON changes (tenant, number);
  `,
  'CREATE INDEX connections_ended_in_order ON connections (tenant, device, ended_epoch) WHERE ended_epoch IS NOT NULL',
  rowsInOrderOfTime,
  `
  -- Which incarnations of adapters were heard, over all tenants.
  CREATE TABLE instances (
    adapter_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    adapter_type TEXT NOT NULL,
    heard_at INTEGER NOT NULL,
    announced_at INTEGER,
    interval INTEGER,
    PRIMARY KEY (adapter_id, instance)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX instances_by_name ON instances (instance);
  CREATE INDEX instances_heard ON instances (heard_at);
  `,
  openByInstance,
  `
  -- The latest incarnation with a new journal that was known when the connection was announced: that journal knows the connection.
  ALTER TABLE connections ADD COLUMN announced_after TEXT;
  `,
];
