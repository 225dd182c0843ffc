import { sqliteSameTable } from '../../testing/sqlite-same-table.ts';

sqliteSameTable(2_000);
