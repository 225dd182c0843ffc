import type { DatabaseSync } from 'node:sqlite';
import { downstreamOfMessage } from './downstream-of-message.ts';

/** How many rows are changed at a time. */
const pageRows = 1_000;

/**
 * From version 3 to 4: an event is kept as its facts and the settings of its tenant, instead of an AMQP message. They are in a
 * table of its own, since SQLite would otherwise leave the room of the messages unused.
 */
export function keepFacts(database: DatabaseSync): void {
  database.exec(`CREATE TABLE event_facts (
     seq INTEGER PRIMARY KEY,
     facts TEXT NOT NULL,
     downstream TEXT NOT NULL
   ) STRICT;`);
  const read = database.prepare('SELECT seq, facts, message FROM event WHERE seq > ? ORDER BY seq LIMIT ?');
  const write = database.prepare('INSERT INTO event_facts VALUES (?, ?, ?)');
  let after = 0;
  for (;;) {
    const page = read.all(after, pageRows);
    const last = page.at(-1);
    if (!last) break;
    for (const { seq, facts, message } of page)
      write.run(Number(seq), String(facts), JSON.stringify(downstreamOf(message)));
    after = Number(last['seq']);
  }
  database.exec('DROP TABLE event; ALTER TABLE event_facts RENAME TO event;');
}

/** A connection whose event every sink has confirmed may have been kept without its message. */
function downstreamOf(message: unknown): object {
  return message instanceof Uint8Array && message.byteLength > 0
    ? downstreamOfMessage(message)
    : { defaults: {} };
}
