const kindOf =
  "tenant, status, coalesce(protocol, '') AS protocol, coalesce(reason, '') AS reason, coalesce(adapter_id, '') AS adapter_id";

/** @param rows SQL for the rows that a statement removed (`number` -1) or wrote (`number` 1). */
const counting = (name: string, ...rows: readonly string[]): string => `
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $count$ BEGIN
    INSERT INTO counts AS c (tenant, status, protocol, reason, adapter_id, number)
      SELECT tenant, status, protocol, reason, adapter_id, sum(number) FROM (${rows.join(' UNION ALL ')}) AS each
      GROUP BY 1, 2, 3, 4, 5 HAVING sum(number) <> 0 ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT (tenant, status, protocol, reason, adapter_id) DO UPDATE SET number = c.number + excluded.number;
    DELETE FROM counts WHERE number = 0;
    RETURN NULL;
  END $count$;`;
const come = `SELECT ${kindOf}, 1 AS number FROM come`;
const gone = `SELECT ${kindOf}, -1 AS number FROM gone`;

/**
 * The third step of the migration. The cost of an event is the number of pages that it touches: with many devices, hardly two events
 * touch the same page. So there are fewer indexes. Triggers count devices as they change: without an index over the status, an update
 * can stay on its page (HOT). One index has all open connections. The log has no index by device: only `forget` searches it by device.
 */
export const fewerIndexes = `
  DROP INDEX connections_of_adapters;
  DROP INDEX connections_open;
  CREATE INDEX connections_open ON connections (tenant, device, adapter_id) WHERE ended_at IS NULL;
  DROP INDEX changes_of_devices;
  DROP INDEX devices_counted;
  ALTER TABLE devices SET (fillfactor = 75);

  -- How many devices are alike in this; an empty text is none.
  CREATE TABLE counts (
    tenant TEXT COLLATE "C" NOT NULL,
    status TEXT NOT NULL,
    protocol TEXT NOT NULL,
    reason TEXT NOT NULL,
    adapter_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (tenant, status, protocol, reason, adapter_id)
  );
  INSERT INTO counts SELECT tenant, status, protocol, reason, adapter_id, count(*)
    FROM (SELECT ${kindOf} FROM devices) AS each GROUP BY 1, 2, 3, 4, 5;
  ${counting('count_devices_come', come)}
  ${counting('count_devices_become', gone, come)}
  ${counting('count_devices_gone', gone)}
  CREATE TRIGGER devices_come AFTER INSERT ON devices REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION count_devices_come();
  CREATE TRIGGER devices_become AFTER UPDATE ON devices REFERENCING OLD TABLE AS gone NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION count_devices_become();
  CREATE TRIGGER devices_gone AFTER DELETE ON devices REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION count_devices_gone();
`;
