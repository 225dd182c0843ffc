import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { environmentTable } from '../config/environment-table.ts';
import { kitOptions } from '../config/kit-options.ts';
import type { Options } from '../config/option.ts';

/** The README of an adapter lists its environment variables, and the kit's, between two `environment` comments. */
export function describeEnvironment(readme: URL, options: Options): void {
  test('the README has the environment as the options say', () => {
    const text = readFileSync(readme, 'utf8');
    const [, table = ''] = /<!-- environment -->\s*(.*?)\s*<!-- \/environment -->/s.exec(text) ?? [];
    expect(compact(table)).toBe(compact(environmentTable({ ...options, ...kitOptions })));
  });
}

/** As written, whatever a formatter did to the columns. */
function compact(table: string): string {
  return table.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}
