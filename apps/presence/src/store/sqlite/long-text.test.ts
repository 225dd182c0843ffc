import type { Clock } from '@rollcall/core/environment';
import { describeAnyNumber } from '../../testing/describe-any-number.ts';
import { describeLongText } from '../../testing/describe-long-text.ts';
import { SqliteStore } from './sqlite-store.ts';

const open = async (clock: Clock): Promise<SqliteStore> =>
  new SqliteStore({ file: ':memory:', clock, announceIntervalMs: 3_600_000 });

describeLongText('SQLite', open);
describeAnyNumber('SQLite', open);
