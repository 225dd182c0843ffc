import type { Client } from '@rollcall/postgres';
import type { WriteOf } from '../registry-write.ts';
import { done, type Written } from '../written.ts';

const name = 'import';

export async function noteImport(client: Client, { isUnderWay }: WriteOf<'note-import'>): Promise<Written> {
  const text = isUnderWay
    ? 'INSERT INTO notes VALUES ($1) ON CONFLICT DO NOTHING'
    : 'DELETE FROM notes WHERE name = $1';
  await client.query(text, [name]);
  return done();
}

export async function isImportNoted(client: Client): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM notes WHERE name = $1', [name]);
  return rowCount === 1;
}
