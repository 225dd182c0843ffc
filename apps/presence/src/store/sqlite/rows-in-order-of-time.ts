import { placeKind } from './place-kind.ts';

const { byId, byBegin, open, byEnd, bySlot, byEndedEpoch } = placeKind;

/** SQL for `kind`, `key` and `key_then` of the entry of a connection that is open or has ended. */
const endOf = (row: string): string =>
  `iif(${row}ended_at IS NULL, ${open}, ${byEnd}), ifnull(${row}ended_at, ''), ''`;

const sameCounts = (row: string): string =>
  `tenant = ${row}.tenant AND status = ${row}.status AND protocol = ifnull(${row}.protocol, '')
     AND reason = ifnull(${row}.reason, '') AND adapter_id = ifnull(${row}.adapter_id, '')`;
const countOneMore = (row: string): string =>
  `INSERT INTO counts VALUES (${row}.tenant, ${row}.status, ifnull(${row}.protocol, ''), ifnull(${row}.reason, ''),
     ifnull(${row}.adapter_id, ''), 1) ON CONFLICT DO UPDATE SET number = number + 1;`;
const countOneLess = (row: string): string =>
  `UPDATE counts SET number = number - 1 WHERE ${sameCounts(row)};
   DELETE FROM counts WHERE ${sameCounts(row)} AND number = 0;`;
const placesOf = (row: string, kind: string, key: string, then: string): string =>
  `INSERT INTO places SELECT ${row}.tenant, ${row}.device, ${kind}, ${key}, ${then}, ${row}.no WHERE ${key} IS NOT NULL;`;
const noPlace = (kind: string | number, key: string, then: string): string =>
  `DELETE FROM places WHERE tenant = OLD.tenant AND device = OLD.device AND kind = ${kind} AND key = ${key}
     AND key_then = ${then} AND no = OLD.no;`;

/**
 * The third step of the migration. The cost of an event is the number of pages that it touches: with many devices, hardly two events
 * touch the same page. A dozen indexes over wide rows with text keys touch a dozen pages. So rows are stored in the order in which they
 * came, one table (`places`) is the index over all connections of a device, and triggers count devices as they change.
 */
export const rowsInOrderOfTime = `
  DROP INDEX connections_in_time;
  DROP INDEX connections_ended;
  DROP INDEX connections_open;
  DROP INDEX connections_held;
  DROP INDEX connections_heard;
  DROP INDEX connections_begun_lately;
  DROP INDEX connections_ended_lately;
  DROP INDEX connections_ended_in_order;
  DROP INDEX devices_counted;
  ALTER TABLE connections RENAME TO connections_before;
  ALTER TABLE devices RENAME TO devices_before;

  CREATE TABLE connections (
    no INTEGER PRIMARY KEY,
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
    ended_epoch TEXT
  ) STRICT;
  INSERT INTO connections (tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard, is_silent,
      ending, ended_at, ended_by, ended_epoch)
    SELECT tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard, is_silent,
      ending, ended_at, ended_by, ended_epoch FROM connections_before ORDER BY connected_at;
  DROP TABLE connections_before;
  CREATE INDEX connections_heard ON connections (tenant, adapter_id, is_silent, heard) WHERE ended_at IS NULL;
  CREATE INDEX connections_begun_lately ON connections (tenant, connected_at, device);
  CREATE INDEX connections_ended_lately ON connections (tenant, ended_at, device) WHERE ended_at IS NOT NULL;

  -- What the connections of a device are found by, in one place for each device.
  CREATE TABLE places (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    kind INTEGER NOT NULL,
    key ANY NOT NULL,
    key_then ANY NOT NULL,
    no INTEGER NOT NULL,
    PRIMARY KEY (tenant, device, kind, key, key_then, no)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO places
    SELECT tenant, device, ${byId}, id, '', no FROM connections
    UNION ALL SELECT tenant, device, ${byBegin}, connected_at, id, no FROM connections
    UNION ALL SELECT tenant, device, ${endOf('')}, no FROM connections
    UNION ALL SELECT tenant, device, ${bySlot}, holder, epoch, no FROM connections WHERE holder IS NOT NULL
    UNION ALL SELECT tenant, device, ${byEndedEpoch}, ended_epoch, '', no FROM connections WHERE ended_epoch IS NOT NULL
    ORDER BY 1, 2, 3, 4, 5, 6;
  CREATE TRIGGER connection_came AFTER INSERT ON connections BEGIN
    INSERT INTO places VALUES
      (NEW.tenant, NEW.device, ${byId}, NEW.id, '', NEW.no),
      (NEW.tenant, NEW.device, ${byBegin}, NEW.connected_at, NEW.id, NEW.no),
      (NEW.tenant, NEW.device, ${endOf('NEW.')}, NEW.no);
    ${placesOf('NEW', String(bySlot), 'NEW.holder', 'NEW.epoch')}
    ${placesOf('NEW', String(byEndedEpoch), 'NEW.ended_epoch', "''")}
  END;
  CREATE TRIGGER connection_has_other_epoch AFTER UPDATE OF epoch ON connections
  WHEN NEW.epoch <> OLD.epoch AND OLD.holder IS NOT NULL BEGIN
    ${noPlace(bySlot, 'OLD.holder', 'OLD.epoch')}
    ${placesOf('NEW', String(bySlot), 'NEW.holder', 'NEW.epoch')}
  END;
  CREATE TRIGGER connection_ended AFTER UPDATE OF ended_at ON connections
  WHEN NEW.ended_at IS NOT OLD.ended_at BEGIN
    ${noPlace(`iif(OLD.ended_at IS NULL, ${open}, ${byEnd})`, "ifnull(OLD.ended_at, '')", "''")}
    INSERT INTO places VALUES (NEW.tenant, NEW.device, ${endOf('NEW.')}, NEW.no);
  END;
  CREATE TRIGGER connection_ended_in_epoch AFTER UPDATE OF ended_epoch ON connections
  WHEN NEW.ended_epoch IS NOT OLD.ended_epoch BEGIN
    ${noPlace(byEndedEpoch, 'OLD.ended_epoch', "''")}
    ${placesOf('NEW', String(byEndedEpoch), 'NEW.ended_epoch', "''")}
  END;
  CREATE TRIGGER connection_dropped AFTER DELETE ON connections BEGIN
    ${noPlace(byId, 'OLD.id', "''")}
    ${noPlace(byBegin, 'OLD.connected_at', 'OLD.id')}
    ${noPlace(`iif(OLD.ended_at IS NULL, ${open}, ${byEnd})`, "ifnull(OLD.ended_at, '')", "''")}
    ${noPlace(bySlot, 'OLD.holder', 'OLD.epoch')}
    ${noPlace(byEndedEpoch, 'OLD.ended_epoch', "''")}
  END;

  -- What is known of each device, as it is answered.
  CREATE TABLE devices (
    no INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    since INTEGER,
    protocol TEXT,
    reason TEXT,
    adapter_id TEXT,
    last_ending TEXT,        -- id of the connection whose ending is kept for as long as the device is known
    said TEXT
  ) STRICT;
  INSERT INTO devices (tenant, device, state, status, since, protocol, reason, adapter_id, last_ending, said)
    SELECT tenant, device, state, status, since, protocol, reason, adapter_id, last_ending, said FROM devices_before
    ORDER BY tenant, device;
  DROP TABLE devices_before;
  CREATE UNIQUE INDEX devices_by_id ON devices (tenant, device);

  -- How many devices are alike in this; an empty text is none.
  CREATE TABLE counts (
    tenant TEXT NOT NULL,
    status TEXT NOT NULL,
    protocol TEXT NOT NULL,
    reason TEXT NOT NULL,
    adapter_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (tenant, status, protocol, reason, adapter_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO counts
    SELECT tenant, status, ifnull(protocol, ''), ifnull(reason, ''), ifnull(adapter_id, ''), count(*) FROM devices
    GROUP BY 1, 2, 3, 4, 5;
  CREATE TRIGGER device_came AFTER INSERT ON devices BEGIN
    ${countOneMore('NEW')}
  END;
  CREATE TRIGGER device_became AFTER UPDATE OF status, protocol, reason, adapter_id ON devices
  WHEN (NEW.status, NEW.protocol, NEW.reason, NEW.adapter_id) IS NOT (OLD.status, OLD.protocol, OLD.reason, OLD.adapter_id)
  BEGIN
    ${countOneLess('OLD')}
    ${countOneMore('NEW')}
  END;
  CREATE TRIGGER device_forgotten AFTER DELETE ON devices BEGIN
    ${countOneLess('OLD')}
  END;
`;
