import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A block of code in a document. */
export interface DocumentBlock {
  /** Path from the root of the repository. */
  readonly document: string;
  /** Number of its first line of code. */
  readonly line: number;
  /** What stands behind the fence; `''` for an indented block, or a fence that says nothing. */
  readonly language: string;
  readonly code: string;
  /** What the comment before the block says of it: `<!-- run by FILE -->` or `<!-- not run: REASON -->`. */
  readonly mark?: { readonly runBy: string } | { readonly notRun: string };
}

const shells = new Set(['', 'sh', 'bash', 'shell', 'console']);
/** A variable and its value alone, as in an environment file: nothing to run. */
const setting = /^\s*(?:[A-Z][A-Z0-9_]*=(?:<[^>]*>|\S)*)?$/;

/** Whether somebody would copy the block into a terminal. */
export function isForShell({ language, code }: Pick<DocumentBlock, 'language' | 'code'>): boolean {
  return shells.has(language) && !code.split('\n').every((line) => setting.test(line));
}

/** All blocks of code of one document, fenced and indented. */
export function blocksIn(document: string, text: string): readonly DocumentBlock[] {
  const lines = text.split('\n');
  const blocks: DocumentBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(lines[at] ?? '');
    const isIndented = isCode(lines[at]) && lines[at - 1]?.trim() === '';
    if (!fence && !isIndented) continue;
    const first = fence ? at + 1 : at;
    const end = fence ? endOfFence(lines, first, fence[1] ?? '') : endOfIndented(lines, first);
    const mark = markBefore(lines, at);
    blocks.push({
      document,
      line: first + 1,
      language: fence?.[2] ?? '',
      code: lines
        .slice(first, end)
        .map((line) => (fence ? line : line.slice(4)))
        .join('\n'),
      ...(mark && { mark }),
    });
    at = fence ? end : end - 1;
  }
  return blocks;
}

function isCode(line: string | undefined): boolean {
  return /^ {4,}\S/.test(line ?? '');
}

function endOfFence(lines: readonly string[], first: number, fence: string): number {
  const end = lines.findIndex((line, index) => index >= first && line.trim().startsWith(fence));
  return end === -1 ? lines.length : end;
}

/** An indented block has empty lines in it, and none at its end. */
function endOfIndented(lines: readonly string[], first: number): number {
  let end = first + 1;
  for (let at = end; at < lines.length && (isCode(lines[at]) || lines[at]?.trim() === ''); at++)
    if (isCode(lines[at])) end = at + 1;
  return end;
}

function markBefore(lines: readonly string[], at: number): DocumentBlock['mark'] {
  const before = lines.slice(0, at).findLast((line) => line.trim() !== '');
  const [, runBy, notRun] = /^<!-- (?:run by (\S+)|not run: (.+)) -->$/.exec(before ?? '') ?? [];
  if (runBy !== undefined) return { runBy };
  return notRun === undefined ? undefined : { notRun };
}

/** README.md, docs/*.md and the README of every app and package. */
function documents(): readonly string[] {
  const readmes = ['apps', 'packages'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((folder) => `${kind}/${folder}/README.md`),
  );
  const docs = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', ...docs.map((file) => `docs/${file}`), ...readmes].filter((file) =>
    existsSync(join(root, file)),
  );
}

export function documentBlocks(): readonly DocumentBlock[] {
  return documents().flatMap((file) => blocksIn(file, readFileSync(join(root, file), 'utf8')));
}

/** The blocks that their documents say this test runs, in the order of {@link documents}. @param test path from the root */
export function blocksRunBy(test: string): readonly DocumentBlock[] {
  return documentBlocks().filter(({ mark }) => mark !== undefined && 'runBy' in mark && mark.runBy === test);
}
