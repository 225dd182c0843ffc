/** As many rows at a time as a statement answers in time for. */
const devicesTogether = 50_000;

/**
 * Gives a PostgreSQL store devices that are like its first ones but for their numbers, by copying rows: an event for each of a million
 * would take longer than all that is measured.
 * @param {{ query(text: string, values?: readonly unknown[]): Promise<unknown> }} client
 * @param {number} first of them there are so many @param {number} devices of them there are to be so many, a multiple
 */
export async function multiplyDevices(client, first, devices) {
  const copies = devices / first - 1;
  const together = Math.max(1, Math.floor(devicesTogether / first));
  for (let from = 1; from <= copies; from += together)
    for (const statement of statements)
      await client.query(statement, [first, from, Math.min(copies, from + together - 1)]);
  await client.query(floorRows, [first]);
}

/** What the same events are where they are kept as texts: the kind of an id is its 16th character. */
const floorRows = `INSERT INTO events (id, text)
  SELECT coalesce(ended_by, overlay(id PLACING 'c' FROM 16 FOR 1)), coalesce(ending, facts)
  FROM connections WHERE substring(device FROM 12)::bigint >= $1::bigint`;

/** The same id with a greater number: its last 12 digits. @param {string} id */
const raised = (id) =>
  `left(${id}, 24) || lpad(to_hex(('x' || right(${id}, 12))::bit(48)::bigint + shift), 12, '0')`;

/** @param {string} table @param {string} more columns, with those that rows have */
const shifted = (table, more) => `
  SELECT t.*, 'thermostat-' || (substring(t.device FROM 12)::bigint + copy * $1::bigint) AS name, copy * $1::bigint AS shift ${more}
  FROM generate_series($2::bigint, $3::bigint) AS copy, ${table} AS t
  WHERE substring(t.device FROM 12)::bigint < $1::bigint ORDER BY copy, t.ctid`;

/** Names are quoted wherever they stand in JSON. @param {string} text @param {readonly string[]} ids */
const rewritten = (text, ids) =>
  ids.reduce(
    (sum, id) => `replace(${sum}, ${id}, ${raised(id)})`,
    `replace(${text}, '"' || device || '"', '"' || name || '"')`,
  );

const statements = [
  `INSERT INTO connections (tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard, is_silent,
     ending, ended_at, ended_by, ended_epoch)
   SELECT tenant, name, ${raised('id')}, ${rewritten('facts', ['id'])}, adapter_id, instance,
     regexp_replace(holder, '[0-9]+$', '') || substring(name FROM 12), epoch, connected_at + shift, heard, is_silent,
     ${rewritten('ending', ['id', 'ended_by'])}, ended_at + shift, ${raised('ended_by')}, ended_epoch
   FROM (${shifted('connections', '')}) AS s`,
  `INSERT INTO devices (tenant, device, state, status, since, protocol, reason, adapter_id, last_ending, said)
   SELECT tenant, name, ${rewritten('state', ['opened', 'last_ending'])}, status, since, protocol, reason, adapter_id,
     ${raised('last_ending')}, said
   FROM (${shifted('devices', ", t.state::json #>> '{presence,connections,0,connectionId}' AS opened")}) AS s`,
];
