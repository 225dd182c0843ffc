import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { environmentTable, type Options } from '@rollcall/options';
import type { OptionModule } from '@rollcall/options/module';
import { kitOptions } from '@rollcall/adapter-process/internal';

/**
 * The README of an adapter lists its environment variables, the kit's and those of its modules, between two `environment`
 * comments.
 */
export function describeEnvironment(
  readme: URL,
  options: Options,
  modules: readonly Pick<OptionModule, 'options'>[],
): void {
  test('the README has the environment as the options say', () => {
    const text = readFileSync(readme, 'utf8');
    const [, table = ''] = /<!-- environment -->\s*(.*?)\s*<!-- \/environment -->/s.exec(text) ?? [];
    const app = basename(dirname(fileURLToPath(readme)));
    expect(compact(table), `\`npm run env-table -- ${app} --write\` writes the table`).toBe(
      compact(environmentTable(byName([{ options }, { options: kitOptions }, ...modules]))),
    );
  });
}

/** Two modules may have an option of the same key. */
function byName(modules: readonly Pick<OptionModule, 'options'>[]): Options {
  const all = modules.flatMap(({ options }) => Object.values(options));
  return Object.fromEntries(all.map((each) => [each.name, each]));
}

/** As written, whatever a formatter did to the columns. */
function compact(table: string): string {
  return table.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}
