import { StoreUnavailable } from '../store/store-unavailable.ts';

/** Classes of SQLSTATE: two rows of one statement are the same, data that is not valid, a constraint, a value that is too large. */
const ofPostgres = /^(?:21|22|23|54)/;
/** Primary result codes of SQLite: ERROR (as for JSON that is not valid), TOOBIG, CONSTRAINT, MISMATCH. */
const ofSqlite: ReadonlySet<number> = new Set([1, 18, 19, 20]);
const sqlState = /^[0-9A-Z]{5}$/;

/**
 * Whether the events that were written may be the cause of the error. Otherwise the database takes no events at present, whatever they
 * say: a password was changed, a right was taken away, a table is gone, a file is damaged.
 */
export function isOfEvent(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return false;
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === 'number') return ofSqlite.has(errcode & 0xff);
  if (typeof code === 'string' && sqlState.test(code)) return ofPostgres.test(code);
  // A mistake in our own code, which these events met.
  return true;
}
