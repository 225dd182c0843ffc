export { deviceNumber } from '../journal/device-number.ts';
export { createHoldingJournal } from './holding-journal.ts';
export { createFileJournal } from '../journal/file-journal.ts';
export { schemaSteps, schemaVersion } from '../journal/store/schema.ts';
export { type SqliteStore, openSqliteStore } from '../journal/store/sqlite-store.ts';
export type { JournalStore } from '../journal/store/stored.ts';
export { createThreadedStore } from '../journal/store/threaded-store.ts';
export { createLateJournal, type LateJournal } from './late-journal.ts';
