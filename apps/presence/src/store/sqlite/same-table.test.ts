import { sqliteSameTable } from '../../testing/sqlite-same-table.ts';

sqliteSameTable(10);
