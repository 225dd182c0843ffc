import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { environmentTable } from '../config/environment-table.ts';
import { kitOptions } from '../config/kit-options.ts';
import type { Options } from '../config/option.ts';
import type { MessagingModule } from '../messaging/messaging-module.ts';
import { optionsOfModules } from '../messaging/module-options.ts';

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
