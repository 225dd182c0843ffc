// What those who keep something in a SQLite file have in common.
export { inTransaction } from './sqlite/in-transaction.ts';
export { isPassing } from './sqlite/is-passing.ts';
export { type FileLock, lockFile } from './sqlite/lock-file.ts';
export { migrate } from './sqlite/migrate.ts';
export { type OpenFiles, openFilesOf, whyOutOfPlace } from './sqlite/open-files.ts';
export { openOwnDatabase, type OwnDatabase } from './sqlite/open-own-database.ts';
export { makeOwnDirectory, makeOwnFile } from './sqlite/own-files.ts';
