import { describeLongText } from '../../testing/describe-long-text.ts';
import { SqliteStore } from './sqlite-store.ts';

describeLongText(
  'SQLite',
  async (clock) => new SqliteStore({ file: ':memory:', clock, announceIntervalMs: 3_600_000 }),
);
