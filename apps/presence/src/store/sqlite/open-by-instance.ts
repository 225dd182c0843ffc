const oneMore = `
    INSERT INTO open_by_instance VALUES (NEW.adapter_id, NEW.instance, 1) ON CONFLICT DO UPDATE SET number = number + 1;`;
const oneLess = `
    UPDATE open_by_instance SET number = number - 1 WHERE adapter_id = OLD.adapter_id AND instance = OLD.instance;
    DELETE FROM open_by_instance WHERE adapter_id = OLD.adapter_id AND instance = OLD.instance AND number = 0;`;
const isOpen = (row: string): string => `${row}.ended_at IS NULL AND NOT ${row}.is_silent`;
const isOther = `(NEW.adapter_id, NEW.instance) <> (OLD.adapter_id, OLD.instance)`;

/** How many connections each instance of an adapter has open, over all tenants. Triggers keep the count. */
export const openByInstance = `
  CREATE TABLE open_by_instance (
    adapter_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (adapter_id, instance)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO open_by_instance SELECT adapter_id, instance, count(*) FROM connections
    WHERE ended_at IS NULL AND NOT is_silent GROUP BY 1, 2;
  CREATE TRIGGER connection_opened AFTER INSERT ON connections WHEN ${isOpen('NEW')} BEGIN ${oneMore}
  END;
  CREATE TRIGGER connection_no_longer_open AFTER UPDATE OF ended_at, is_silent, adapter_id, instance ON connections
  WHEN ${isOpen('OLD')} AND (NOT (${isOpen('NEW')}) OR ${isOther}) BEGIN ${oneLess}
  END;
  CREATE TRIGGER connection_open_again AFTER UPDATE OF ended_at, is_silent, adapter_id, instance ON connections
  WHEN ${isOpen('NEW')} AND (NOT (${isOpen('OLD')}) OR ${isOther}) BEGIN ${oneMore}
  END;
  CREATE TRIGGER open_connection_dropped AFTER DELETE ON connections WHEN ${isOpen('OLD')} BEGIN ${oneLess}
  END;
`;
