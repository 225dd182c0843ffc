import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { environmentTable, type Options } from '@rollcall/options';
import { kitOptions } from '@rollcall/adapter-process';
import type { MessagingModule } from '@rollcall/messaging-module';
import { optionsOfModules } from '@rollcall/messaging-module/internal';

/**
 * The README of an adapter lists its environment variables, the kit's and those of messaging modules, between two `environment`
 * comments.
 */
export function describeEnvironment(
  readme: URL,
  options: Options,
  messaging: readonly MessagingModule[],
): void {
  test('the README has the environment as the options say', () => {
    const text = readFileSync(readme, 'utf8');
    const [, table = ''] = /<!-- environment -->\s*(.*?)\s*<!-- \/environment -->/s.exec(text) ?? [];
    expect(compact(table)).toBe(
      compact(environmentTable({ ...options, ...kitOptions, ...optionsOfModules(messaging) })),
    );
  });
}

/** As written, whatever a formatter did to the columns. */
function compact(table: string): string {
  return table.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}
