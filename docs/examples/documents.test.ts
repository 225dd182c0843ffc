import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const docs = new URL('..', import.meta.url);
const sources = readdirSync(fileURLToPath(new URL('examples/', docs)))
  .filter((file) => file.endsWith('.ts') && file !== 'documents.test.ts')
  .map((file) => readFileSync(new URL(`examples/${file}`, docs), 'utf8'));

test.each([
  ['write-a-sink.md', 3],
  ['add-a-protocol.md', 1],
])('the code in %s is what is compiled and tested here', (document, count) => {
  const text = readFileSync(new URL(document, docs), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code);
  expect(blocks).toHaveLength(count);
  for (const block of blocks)
    expect(
      sources.some((source) => source.includes(block)),
      block,
    ).toBe(true);
});
