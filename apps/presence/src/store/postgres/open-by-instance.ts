const openOf = (rows: string, one: 1 | -1): string =>
  `SELECT adapter_id, instance, ${one} AS number FROM ${rows} WHERE ended_at IS NULL AND NOT is_silent`;

const counting = (name: string, ...rows: readonly string[]): string => `
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $count$ BEGIN
    INSERT INTO open_by_instance AS o (adapter_id, instance, number)
      SELECT adapter_id, instance, sum(number) FROM (${rows.join(' UNION ALL ')}) AS each
      GROUP BY 1, 2 HAVING sum(number) <> 0 ORDER BY 1, 2
      ON CONFLICT (adapter_id, instance) DO UPDATE SET number = o.number + excluded.number;
    DELETE FROM open_by_instance WHERE number = 0;
    RETURN NULL;
  END $count$;`;

/** How many connections each instance of an adapter has open, over all tenants. Triggers keep the count, once for each statement. */
export const openByInstance = `
  CREATE TABLE open_by_instance (
    adapter_id TEXT COLLATE "C" NOT NULL,
    instance TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (adapter_id, instance)
  );
  INSERT INTO open_by_instance SELECT adapter_id, instance, count(*) FROM connections
    WHERE ended_at IS NULL AND NOT is_silent GROUP BY 1, 2;
  ${counting('count_connections_come', openOf('come', 1))}
  ${counting('count_connections_become', openOf('gone', -1), openOf('come', 1))}
  ${counting('count_connections_gone', openOf('gone', -1))}
  CREATE TRIGGER connections_come AFTER INSERT ON connections REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION count_connections_come();
  CREATE TRIGGER connections_become AFTER UPDATE ON connections REFERENCING OLD TABLE AS gone NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION count_connections_become();
  CREATE TRIGGER connections_gone AFTER DELETE ON connections REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION count_connections_gone();
`;
