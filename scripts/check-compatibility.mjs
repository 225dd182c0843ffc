import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const verdict = /^(?:same|better|not supported|commands: to come)\b/;
/** Rows that need no test: nothing is there to be shown. */
const untested = /^(?:not supported|commands: to come)\b/;
const reference = /^`([^`]+)`: ("[^"]+"(?:, "[^"]+")*)$/;

/**
 * What is wrong with the tables of rules in `docs/hono-compatibility.md`: a row without a verdict, or without a test that shows
 * it, and a test that does not exist. A table of rules is one whose last column is `test`. Each test is `` `file`: "title" ``,
 * several stand behind semicolons; `…` stands for a part of the title that is left out. A file without a folder is in the one that
 * the section names: "Tests are in `folder`".
 *
 * @param {string} document
 * @param {(path: string) => string | undefined} read the text of a file of the repository
 * @returns {string[]}
 */
export function checkCompatibility(document, read) {
  return document.split(/^(?=## )/m).flatMap((section) => {
    const folder = /Tests are\s+in\s+`([^`]+)`/.exec(section)?.[1] ?? '';
    return rulesIn(section).flatMap((cells) => {
      const problem = problemOf(cells, folder, read);
      return problem === undefined ? [] : [`${cells[0]}: ${problem}`];
    });
  });
}

/** The rows of all tables of rules of a section, as cells. */
function rulesIn(section) {
  const rows = section.split('\n').map((line) => (line.startsWith('|') ? cellsOf(line) : undefined));
  /** @type {string[][]} */
  const rules = [];
  let isTableOfRules = false;
  rows.forEach((cells, index) => {
    if (cells === undefined) isTableOfRules = false;
    else if (rows[index - 1] === undefined) isTableOfRules = cells.at(-1) === 'test';
    else if (isTableOfRules && !/^:?-+:?$/.test(cells[0] ?? '')) rules.push(cells);
  });
  return rules;
}

/** A `|` in code is escaped. */
function cellsOf(line) {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function problemOf([, here = '', test = ''], folder, read) {
  if (!verdict.test(here)) return `must begin with same, better, not supported or commands: to come: ${here}`;
  if (test === '–') return untested.test(here) ? undefined : 'names no test';
  for (const part of test.split(/; (?=`)/)) {
    const [, file, titles] = reference.exec(part) ?? [];
    if (file === undefined || titles === undefined) return `no test is named so: ${part}`;
    const path = file.includes('/') ? file : join(folder, file);
    const source = read(path);
    if (source === undefined) return `there is no ${path}`;
    const missing = [...titles.matchAll(/"([^"]+)"/g)].find(([, title = '']) => !hasTitle(source, title));
    if (missing) return `${path} has no test ${missing[0]}`;
  }
  return undefined;
}

/** Whether a string in the source is the title, as `test`, `describe` or the row of a table has it. */
function hasTitle(source, title) {
  const parts = title
    .split('…')
    .map((part) => part.trim().replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  const words = title.replaceAll(/%\w|\$\w+/g, '');
  if (!/\p{L}{3}/u.test(words)) return false;
  return new RegExp(`(['"\`])${parts.join(String.raw`(?:(?!\1)[^\n])*?`)}\\1`).test(
    source.replaceAll("\\'", "'"),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const problems = checkCompatibility(
    readFileSync(join(root, 'docs/hono-compatibility.md'), 'utf8'),
    (path) => {
      try {
        return readFileSync(join(root, path), 'utf8');
      } catch {
        return undefined;
      }
    },
  );
  for (const problem of problems) console.error(`docs/hono-compatibility.md: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
