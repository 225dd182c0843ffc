import { readFileSync } from 'node:fs';

export interface WalkFiles {
  /** Files that the request enters in the adapter's main thread. */
  readonly entered: readonly string[];
  /** Files of another thread, and files that only later packets enter. */
  readonly later: readonly string[];
}

/** The files in the table of a walk in `docs/architecture.md`, each as package and path in its `src`, in order. */
export function walkFiles(request: 'CONNECT' | 'POST'): WalkFiles {
  const text = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8');
  const [, walk = ''] = new RegExp(`^## The walk of a ${request}\\n([^]*?)^## `, 'm').exec(text) ?? [];
  const rows = walk.split('\n').filter((line) => line.startsWith('| '));
  const entered: string[] = [];
  const later: string[] = [];
  for (const row of rows) {
    let home = '';
    let files = entered;
    const parts = row.matchAll(
      /\b([a-z][a-z-]*): (?=`)|`((?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts)`( again)?|(\(in the thread: |packets that follow)|\)/g,
    );
    for (const [part, member, file, again, elsewhere] of parts)
      if (elsewhere !== undefined) files = later;
      else if (part === ')') files = entered;
      else if (member !== undefined) home = member;
      else if (home !== '' && again === undefined) files.push(`${home}/${file}`);
  }
  return { entered, later };
}
