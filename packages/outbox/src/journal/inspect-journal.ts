import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { TransportError, type Timestamp } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';
import { lockFile } from '@rollcall/runtime/sqlite';
import { copiedAtFact, factOf, hasLog, partOf } from './store/journal-facts.ts';
import { schemaSteps, schemaVersion } from './store/schema.ts';
import { lockOf } from './store/sqlite-store.ts';
import type { PartOfJournal } from './store/stored.ts';

export interface JournalStatus {
  /** Why it may be incomplete; absent if it is complete. */
  readonly partOfJournal?: PartOfJournal;
  /** For a copy: when it was made. */
  readonly copiedAt?: Timestamp;
  /** Whether an adapter, or another command, has it open. */
  readonly inUse: boolean;
  /** Size of the file and its write-ahead log. */
  readonly bytes: number;
  readonly openSessions: number;
  readonly openLeases: number;
  readonly sinks: readonly SinkStatus[];
}

export interface SinkStatus {
  readonly sink: string;
  readonly waiting: number;
  /** When the event that has waited longest was observed; `undefined` if none waits. */
  readonly oldestAt: Timestamp | undefined;
  readonly parked: number;
}

/** An event that a sink has not confirmed. */
export interface UnconfirmedEvent {
  readonly sink: string;
  readonly event: ConnectionEvent;
  /** The cause with which the sink refused it; absent if it waits. */
  readonly parkedFor?: string;
}

export interface JournalView {
  status(): JournalStatus;
  /** In the order they were appended. */
  unconfirmed(): Iterable<UnconfirmedEvent>;
  close(): void;
}

/** Opens a journal for reading; an adapter may run on it meanwhile. @throws TransportError if it is not a journal. */
export function inspectJournal(file: string): JournalView {
  mustBeFile(file);
  const hadLog = hasLog(file);
  const database = openToRead(file);
  return {
    status: () => ({
      ...partIn(database, hadLog || isJournalInUse(file), file),
      inUse: isJournalInUse(file),
      bytes: sizeOf(file) + sizeOf(`${file}-wal`),
      ...openIn(database),
      sinks: sinksIn(database),
    }),
    *unconfirmed() {
      const rows = database
        .prepare(
          "SELECT facts, waiting, parked FROM standing JOIN event USING (seq) WHERE waiting <> '[]' OR parked <> '{}' ORDER BY seq",
        )
        .iterate();
      for (const { facts, waiting, parked } of rows) {
        const event = JSON.parse(String(facts)) as ConnectionEvent;
        for (const sink of JSON.parse(String(waiting)) as string[]) yield { sink, event };
        for (const [sink, parkedFor] of Object.entries(JSON.parse(String(parked)) as Record<string, string>))
          yield { sink, event, parkedFor };
      }
    },
    close: () => database.close(),
  };
}

function partIn(
  database: DatabaseSync,
  hadLog: boolean,
  file: string,
): Pick<JournalStatus, 'partOfJournal' | 'copiedAt'> {
  const partOfJournal = partOf(database, hadLog, file);
  const copiedAt = factOf(database, copiedAtFact);
  return {
    ...(partOfJournal && { partOfJournal }),
    ...(copiedAt !== undefined && { copiedAt: Number(copiedAt) as Timestamp }),
  };
}

export function openToRead(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const version = schemaVersion(database);
    // The tables that are read here exist since the first version. Only a writer migrates a journal to the latest one.
    if (version < 1 || version > schemaSteps.length)
      throw new Error(`schema version ${version}; this program knows versions 1 to ${schemaSteps.length}`);
    return database;
  } catch (error) {
    database?.close();
    throw new TransportError(
      `${file}: not a journal (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

/** Whether an adapter runs on a journal. @throws TransportError if there is none. */
export function isJournalInUse(file: string): boolean {
  mustBeFile(file);
  const lock = lockFile(lockOf(file), false);
  lock?.release();
  return lock === undefined;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function openIn(database: DatabaseSync): Pick<JournalStatus, 'openSessions' | 'openLeases'> {
  const rows = database
    .prepare(
      "SELECT facts ->> '$.basis.kind' AS kind, count(*) AS count FROM standing JOIN event USING (seq) WHERE open = 1 GROUP BY kind",
    )
    .all();
  const countOf = (wanted: string): number =>
    Number(rows.find(({ kind }) => kind === wanted)?.['count'] ?? 0);
  return { openSessions: countOf('session'), openLeases: countOf('lease') };
}

function sinksIn(database: DatabaseSync): readonly SinkStatus[] {
  const rows = database
    .prepare(
      `SELECT sink, waiting, parked, (SELECT facts ->> '$.at' FROM event WHERE seq = first) AS oldest
       FROM (
         SELECT sink, sum(waits) AS waiting, sum(NOT waits) AS parked, min(CASE WHEN waits THEN seq END) AS first
         FROM (
           SELECT seq, value AS sink, TRUE AS waits FROM standing, json_each(waiting)
           UNION ALL
           SELECT seq, key AS sink, FALSE AS waits FROM standing, json_each(parked)
         )
         GROUP BY sink
       )
       ORDER BY sink`,
    )
    .all();
  return rows.map(({ sink, waiting, parked, oldest }) => ({
    sink: String(sink),
    waiting: Number(waiting),
    oldestAt: oldest === null ? undefined : (Number(oldest) as Timestamp),
    parked: Number(parked),
  }));
}

/** SQLite would wait for a pipe, and call a directory an I/O error. */
function mustBeFile(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) throw new TransportError(`${file}: no such file`);
  if (!stats.isFile()) throw new TransportError(`${file}: is not a regular file`);
}
