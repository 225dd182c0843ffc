-- Who is online, kept in a database: the rule of docs/events-api.md, "How to consume". For PostgreSQL 10 and later, and SQLite 3.35 and later.
--
-- Times of events (`at`) are milliseconds since 1970. `listening_ms` counts the milliseconds in which the service was attached, over all its
-- runs: write it to `service` every few seconds. So what an adapter said while the service was away is not taken for silence.

CREATE TABLE service (listening_ms bigint NOT NULL);

CREATE TABLE adapter (
  tenant text NOT NULL,
  adapter_id text NOT NULL,
  heard_ms bigint NOT NULL, -- when anything was heard of it, in listening_ms
  announced_ms bigint NOT NULL, -- when it announced last, in listening_ms
  interval_ms bigint, -- how often it announces; null until it does
  listened_ms bigint NOT NULL DEFAULT 0, -- for how long its announcements were heard
  new_journal_instance text,
  new_journal_epoch text,
  PRIMARY KEY (tenant, adapter_id)
);

CREATE TABLE connection (
  tenant text NOT NULL,
  device text NOT NULL,
  connection_id text NOT NULL,
  adapter_type text NOT NULL, -- `source`
  adapter_id text NOT NULL,
  adapter_instance text NOT NULL,
  epoch text NOT NULL,
  epoch_ms bigint NOT NULL, -- its first 12 hexadecimal digits, as a number
  slot text,
  opened_at bigint, -- null: only its end was heard of
  protocol text NOT NULL,
  listened_ms bigint, -- `listened_ms` of its adapter when it began, or was announced last
  announced_after text, -- `new_journal_instance` of its adapter when it was announced last: that journal knows the connection
  ended_at bigint, -- null: it is open
  ended_event_id text,
  ended_epoch text,
  ended_adapter_id text,
  reason text,
  uncertainty_ms bigint,
  changed_ms bigint NOT NULL, -- in listening_ms
  PRIMARY KEY (tenant, device, connection_id)
);

-- What the adapters of Eclipse Hono say, which name no connection.
CREATE TABLE said (
  tenant text NOT NULL,
  device text NOT NULL,
  cause text NOT NULL,
  PRIMARY KEY (tenant, device)
);

-- For every event, `heard` and then one of `connected` and `disconnected`, in one transaction. Leave out `heard` for an ending without
-- `ended-epoch` that says `adapter-lost`, `taken-over` or `buried`: others may have sent it. Confirm the event after it. The result
-- depends neither on the order of events nor on repetitions, so several services may write to the same tables.

-- name: heard
-- $1 tenant, $2 adapter-id, $3 listening_ms now; of an announcement, $4 announce-interval-ms (3600000 where it says nothing), else null;
-- where `journal` is `new`, $5 adapter-instance and $6 epoch, else null
INSERT INTO adapter (tenant, adapter_id, heard_ms, announced_ms, interval_ms, new_journal_instance, new_journal_epoch)
VALUES ($1, $2, $3, $3, $4, $5, $6)
ON CONFLICT (tenant, adapter_id) DO UPDATE SET
  heard_ms = excluded.heard_ms,
  announced_ms = CASE WHEN excluded.interval_ms IS NULL THEN adapter.announced_ms ELSE excluded.heard_ms END,
  -- Of a pause, one interval counts at most.
  listened_ms = adapter.listened_ms + CASE
    WHEN excluded.interval_ms IS NULL THEN 0
    WHEN excluded.heard_ms - adapter.announced_ms < excluded.interval_ms THEN excluded.heard_ms - adapter.announced_ms
    ELSE excluded.interval_ms
  END,
  interval_ms = coalesce(excluded.interval_ms, adapter.interval_ms),
  new_journal_instance = CASE
    WHEN excluded.new_journal_epoch > coalesce(adapter.new_journal_epoch, '') THEN excluded.new_journal_instance
    ELSE adapter.new_journal_instance
  END,
  new_journal_epoch = CASE
    WHEN excluded.new_journal_epoch > coalesce(adapter.new_journal_epoch, '') THEN excluded.new_journal_epoch
    ELSE adapter.new_journal_epoch
  END;

-- name: connected
-- $1 tenant, $2 device, $3 connection-id, $4 source, $5 adapter-id, $6 adapter-instance, $7 epoch, $8 its milliseconds, $9 slot or null,
-- $10 at, $11 protocol, $12 listening_ms now, $13 1 for an announcement, else 0
INSERT INTO connection (tenant, device, connection_id, adapter_type, adapter_id, adapter_instance, epoch, epoch_ms, slot, opened_at, protocol,
  changed_ms, listened_ms, announced_after)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
  (SELECT adapter.listened_ms FROM adapter WHERE adapter.tenant = $1 AND adapter.adapter_id = $5),
  (SELECT adapter.new_journal_instance FROM adapter WHERE adapter.tenant = $1 AND adapter.adapter_id = $5 AND $13 = 1))
ON CONFLICT (tenant, device, connection_id) DO UPDATE SET
  listened_ms = excluded.listened_ms,
  announced_after = excluded.announced_after,
  changed_ms = excluded.changed_ms,
  adapter_id = excluded.adapter_id,
  adapter_instance = excluded.adapter_instance,
  -- In a fleet it may have a greater epoch by then.
  epoch = CASE WHEN excluded.epoch > connection.epoch THEN excluded.epoch ELSE connection.epoch END,
  epoch_ms = CASE WHEN excluded.epoch > connection.epoch THEN excluded.epoch_ms ELSE connection.epoch_ms END
-- An announcement says by which adapter the connection is known now. A `connected` that comes again says nothing new, and may be of an
-- earlier adapter. What was closed stays closed.
WHERE $13 = 1 AND connection.ended_at IS NULL;

-- name: disconnected
-- $1 tenant, $2 device, $3 connection-id, $4 source, $5 adapter-id, $6 adapter-instance, $7 epoch, $8 its milliseconds, $9 slot or null,
-- $10 at, $11 protocol, $12 listening_ms now, $13 event-id, $14 ended-epoch or null, $15 reason, $16 uncertainty-ms
INSERT INTO connection (tenant, device, connection_id, adapter_type, adapter_id, adapter_instance, epoch, epoch_ms, slot, ended_at, protocol,
  changed_ms, ended_event_id, ended_epoch, reason, uncertainty_ms, ended_adapter_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $5)
ON CONFLICT (tenant, device, connection_id) DO UPDATE SET
  ended_at = excluded.ended_at,
  ended_event_id = excluded.ended_event_id,
  ended_epoch = excluded.ended_epoch,
  ended_adapter_id = excluded.ended_adapter_id,
  reason = excluded.reason,
  uncertainty_ms = excluded.uncertainty_ms,
  -- It may have a greater epoch by then, which no announcement said.
  epoch = CASE WHEN excluded.epoch > connection.epoch THEN excluded.epoch ELSE connection.epoch END,
  epoch_ms = CASE WHEN excluded.epoch > connection.epoch THEN excluded.epoch_ms ELSE connection.epoch_ms END,
  changed_ms = CASE WHEN connection.ended_at IS NULL THEN excluded.changed_ms ELSE connection.changed_ms END
-- Of several endings, the first counts.
WHERE connection.ended_at IS NULL
  OR (excluded.ended_at, excluded.ended_event_id) < (connection.ended_at, connection.ended_event_id);

-- name: said
-- $1 tenant, $2 device, $3 cause; of an event without `data`
INSERT INTO said (tenant, device, cause) VALUES ($1, $2, $3)
ON CONFLICT (tenant, device) DO UPDATE SET cause = excluded.cause;

-- name: presence
-- $1 listening_ms now. Add a condition for one tenant, or one device.
WITH open_connection AS (
  SELECT c.tenant, c.device, c.opened_at,
    coalesce(
      (a.new_journal_instance <> c.adapter_instance AND a.new_journal_instance <> coalesce(c.announced_after, '')
          AND c.epoch < a.new_journal_epoch)
        OR $1 - a.heard_ms > 3 * a.interval_ms
        OR a.listened_ms - c.listened_ms > 3 * a.interval_ms,
      false
    ) AS silent
  FROM connection c
  LEFT JOIN adapter a ON a.tenant = c.tenant AND a.adapter_id = c.adapter_id
  WHERE c.ended_at IS NULL
    -- Nobody took it over.
    AND NOT EXISTS (
      SELECT 1 FROM connection t
      WHERE t.tenant = c.tenant AND t.device = c.device AND t.adapter_type = c.adapter_type AND t.slot = c.slot
        AND t.epoch_ms - c.epoch_ms > 60000
    )
),
open_of_device AS (
  SELECT tenant, device, sum(CASE WHEN silent THEN 0 ELSE 1 END) AS heard, min(opened_at) AS since
  FROM open_connection GROUP BY tenant, device
),
-- Within one adapter the greatest epoch, or where there is none the greatest time; across adapters the greatest time.
ending_of_adapter AS (
  SELECT tenant, device, ended_at, ended_event_id, reason, uncertainty_ms,
    row_number() OVER (
      PARTITION BY tenant, device, ended_adapter_id, CASE WHEN ended_epoch IS NULL THEN 0 ELSE 1 END
      ORDER BY ended_epoch DESC, ended_at DESC, ended_event_id DESC
    ) AS place
  FROM connection WHERE ended_at IS NOT NULL
),
ending AS (
  SELECT tenant, device, ended_at, reason, uncertainty_ms,
    row_number() OVER (PARTITION BY tenant, device ORDER BY ended_at DESC, ended_event_id DESC) AS place
  FROM ending_of_adapter WHERE place = 1
),
known AS (
  SELECT tenant, device FROM connection UNION SELECT tenant, device FROM said
),
judged AS (
  SELECT k.tenant, k.device, o.since, e.ended_at, e.reason, e.uncertainty_ms,
    CASE
      WHEN o.heard > 0 THEN 'online'
      WHEN o.heard IS NULL AND e.ended_at IS NOT NULL AND coalesce(s.cause, '') <> 'connected' THEN 'offline'
      ELSE 'unknown'
    END AS status
  FROM known k
  LEFT JOIN open_of_device o ON o.tenant = k.tenant AND o.device = k.device
  LEFT JOIN ending e ON e.tenant = k.tenant AND e.device = k.device AND e.place = 1
  LEFT JOIN said s ON s.tenant = k.tenant AND s.device = k.device
)
SELECT tenant, device, status,
  CASE status WHEN 'online' THEN since WHEN 'offline' THEN ended_at END AS since,
  CASE status WHEN 'offline' THEN reason END AS reason,
  CASE status WHEN 'offline' THEN uncertainty_ms END AS uncertainty_ms
FROM judged;

-- Once an hour or so, both in one transaction. What comes later than a day after its end would open a connection anew.

-- name: forget-taken-over
-- $1 listening_ms of a day ago. Whoever was taken over is closed for good: soon nothing will say so any more.
DELETE FROM connection
WHERE ended_at IS NULL
  AND EXISTS (
    SELECT 1 FROM connection t
    WHERE t.tenant = connection.tenant AND t.device = connection.device AND t.adapter_type = connection.adapter_type
      AND t.slot = connection.slot AND t.epoch_ms - connection.epoch_ms > 60000
      AND t.ended_at IS NOT NULL AND t.changed_ms < $1
  );

-- name: forget
-- $1 listening_ms of a day ago. The latest ending of each device stays.
DELETE FROM connection
WHERE ended_at IS NOT NULL AND changed_ms < $1
  AND EXISTS (
    SELECT 1 FROM connection l
    WHERE l.tenant = connection.tenant AND l.device = connection.device AND l.ended_at IS NOT NULL
      AND l.ended_adapter_id = connection.ended_adapter_id
      AND (l.ended_epoch IS NULL) = (connection.ended_epoch IS NULL)
      AND (coalesce(l.ended_epoch, ''), l.ended_at, l.ended_event_id)
        > (coalesce(connection.ended_epoch, ''), connection.ended_at, connection.ended_event_id)
  );
