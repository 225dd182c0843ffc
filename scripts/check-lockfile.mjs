// Fails when pnpm-lock.yaml names a registry host, or has a native package for Linux but not for macOS and Windows.
import { readFileSync } from 'node:fs';
const text = readFileSync(new URL('../pnpm-lock.yaml', import.meta.url), 'utf8');
const problems = /https?:\/\//.test(text) ? ['a URL in pnpm-lock.yaml'] : [];
const names = new Set([...text.matchAll(/^  '?((?:@[^/']+\/)?[^@'\s]+)@\d[^:']*'?:$/gm)].map((m) => m[1]));
for (const name of names) {
  const m = /^(.*?)linux-?(?:x64|64)(?:-gnu)?$/.exec(name);
  if (!m) continue;
  for (const [os, pattern] of [
    ['macOS', /^darwin-arm64$/],
    ['Windows', /^(win32|windows|win)-?(x64|64)(-msvc)?$/],
  ])
    if (![...names].some((n) => n.startsWith(m[1]) && pattern.test(n.slice(m[1].length))))
      problems.push(`${name} has no sibling for ${os}`);
}
for (const p of problems) console.error(p);
process.exitCode = problems.length > 0 ? 1 : 0;
