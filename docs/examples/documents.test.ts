import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const docs = new URL('..', import.meta.url);
const sources = readdirSync(fileURLToPath(new URL('examples/', docs)))
  .filter((file) => file.endsWith('.ts') && file !== 'documents.test.ts')
  .map((file) => readFileSync(new URL(`examples/${file}`, docs), 'utf8'));

test('the code in write-a-sink.md is what is compiled and tested here', () => {
  const text = readFileSync(new URL('write-a-sink.md', docs), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code);
  expect(blocks).toHaveLength(3);
  for (const block of blocks)
    expect(
      sources.some((source) => source.includes(block)),
      block,
    ).toBe(true);
});
