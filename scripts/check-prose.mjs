// Checks that the documents are in plain English: node scripts/check-prose.mjs
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Words that readers whose second language is English stumble over, and what to say instead. */
const retired = [
  { phrase: /\bnobody\b/iu, instead: '"no one", or name who it is' },
  { phrase: /\bwhoever\b/iu, instead: 'name who it is, e.g. "the client that"' },
  { phrase: /\banew\b/iu, instead: '"again"' },
  { phrase: /\b(?:told|tells?) of\b/iu, instead: '"reported", "reports"' },
  { phrase: /\bheard of\b/iu, instead: '"known", "seen"' },
  { phrase: /\ball the same\b/iu, instead: '"still", or leave it out' },
  { phrase: /\bthe like of\b/iu, instead: '"such as"' },
  { phrase: /\bbefalls\b/iu, instead: '"happens to"' },
  { phrase: /\b(?:stands?|stood|standing) still\b/iu, instead: '"is frozen", "does not run"' },
  { phrase: /\bflat out\b/iu, instead: '"as fast as possible"' },
];

const maxLineLength = 120;

const documents = [
  '*.md',
  'docs/*.md',
  'docs/decisions/*.md',
  '.changeset/*.md',
  'packages/*/README.md',
  'apps/*/README.md',
];

/**
 * What is wrong with the prose of one document. Code, tables and the targets of links do not count.
 * @param {string} text
 * @returns {{ line: number, problem: string }[]}
 */
export function checkProse(text) {
  return proseLines(text).flatMap(({ line, prose }) => {
    const words = prose.replaceAll(/`[^`]*`/gu, '');
    const odd = retired.flatMap(({ phrase, instead }) => {
      const found = phrase.exec(words);
      return found === null ? [] : [{ line, problem: `"${found[0]}": say ${instead}` }];
    });
    const isLong = prose.length > maxLineLength;
    if (isLong) odd.push({ line, problem: `${prose.length} characters: wrap prose at ${maxLineLength}` });
    return odd;
  });
}

/** Lines that somebody reads as sentences, without the targets of their links. */
function proseLines(text) {
  let fence;
  let isFrontMatter = false;
  return text.split('\n').flatMap((raw, index) => {
    if (raw === '---' && (index === 0 || isFrontMatter)) {
      isFrontMatter = index === 0;
      return [];
    }
    const mark = /^\s*(?<fence>```|~~~)/u.exec(raw)?.groups?.fence;
    if (mark !== undefined && (fence === undefined || fence === mark)) {
      fence = fence === undefined ? mark : undefined;
      return [];
    }
    const isCode = isFrontMatter || fence !== undefined || /^(?: {4}|\t)/u.test(raw);
    if (isCode || /^\s*(?:\||<)/u.test(raw)) return [];
    return [{ line: index + 1, prose: raw.replaceAll(/\]\([^)]*\)/gu, ']').replaceAll(/https?:\S+/gu, '') }];
  });
}

/**
 * What is wrong with the documents below a folder.
 * @param {string} root
 * @param {ReadonlySet<string>} exempt
 * @returns {string[]}
 */
export function checkDocuments(root, exempt = new Set()) {
  /** @type {string[]} */
  const files = documents.flatMap((pattern) => globSync(pattern, { cwd: root }));
  return files
    .filter((file) => !exempt.has(file))
    .toSorted()
    .flatMap((file) =>
      checkProse(readFileSync(join(root, file), 'utf8')).map(
        ({ line, problem }) => `${file}:${line}: ${problem}`,
      ),
    );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkDocuments(fileURLToPath(new URL('..', import.meta.url)));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
