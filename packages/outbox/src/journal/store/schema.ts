import type { DatabaseSync } from 'node:sqlite';
import { keepFacts } from './keep-facts.ts';

/** SQL, or a function for changes that SQL cannot express. */
export type SchemaStep = string | ((database: DatabaseSync) => void);

/**
 * The steps that bring a journal from one version to the next; a new file runs through all of them. Released steps never change:
 * a change of the schema is a new step.
 *
 * `event` is written once and removed once. The fields of an event that change are in `standing`, whose rows are small: a
 * note of when ten thousand devices were last heard touches some hundred pages.
 */
export const schemaSteps: readonly SchemaStep[] = [
  `CREATE TABLE journal (
     name TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT;
   CREATE TABLE event (
     seq INTEGER PRIMARY KEY,
     facts TEXT NOT NULL,
     message BLOB NOT NULL
   ) STRICT;
   CREATE TABLE standing (
     seq INTEGER PRIMARY KEY,
     open INTEGER NOT NULL,
     waiting TEXT NOT NULL,
     parked TEXT NOT NULL,
     last_seen INTEGER,
     lease TEXT
   ) STRICT;
   CREATE TABLE rhythm (
     heard INTEGER PRIMARY KEY,
     holder TEXT NOT NULL UNIQUE,
     gaps TEXT NOT NULL
   ) STRICT;`,
  `CREATE TABLE proof (
     given INTEGER PRIMARY KEY,
     hash TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL,
     at INTEGER NOT NULL
   ) STRICT;`,
  `CREATE TABLE owed (
     id INTEGER PRIMARY KEY,
     tenant TEXT NOT NULL,
     device INTEGER NOT NULL,
     sink TEXT NOT NULL,
     pairs INTEGER NOT NULL,
     UNIQUE (tenant, device, sink)
   ) STRICT;`,
  keepFacts,
];

/**
 * Brings the database to the version that this program knows.
 *
 * @throws Error if it is of a later version, whose meaning is not known.
 */
export function migrate(database: DatabaseSync, steps: readonly SchemaStep[] = schemaSteps): void {
  const version = schemaVersion(database);
  if (version > steps.length)
    throw new Error(`it has schema version ${version}, and this program knows ${steps.length} at most`);
  if (version === steps.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of steps.slice(version))
      if (typeof step === 'string') database.exec(step);
      else step(database);
    database.exec(`PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** The version of the schema the database has; 0: none yet. */
export function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}
