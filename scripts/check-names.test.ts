import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import { unknownNames as untyped } from './check-names.mjs';

type Repository = { readonly scripts: object; readonly files: readonly string[] };
const unknownNames = untyped as (path: string, text: string, repository: Repository) => readonly string[];

const repository = {
  scripts: { start: '', test: '', bench: '', 'run:build': '' },
  files: [
    'README.md',
    'docs/operations.md',
    'packages/core/src/clock.ts',
    'packages/core/src/wire/encode.ts',
  ],
};

test.each([
  ['a script of npm', 'docs/a.md', 'Try `npm run bnech`.', 'bnech'],
  ['a script of pnpm', 'docs/a.md', 'Try `pnpm --silent run bnech`.', 'bnech'],
  ['a script of the toolchain', 'vitest.e2e.config.ts', '// `run:e2e` builds first.', 'run:e2e'],
  ['a script in a configuration', '.ci/run', 'npm run run:e2e', 'run:e2e'],
  ['a file in a document', 'docs/a.md', 'See `wire/decode.ts`.', 'wire/decode.ts'],
  ['a file that is elsewhere', 'docs/a.md', 'See `clock/clock.ts`.', 'clock/clock.ts'],
  ['the end of a name', 'docs/a.md', 'See `ock.ts`.', 'ock.ts'],
  ['a relative file', 'docs/a.md', 'See ../operations.md.', '../operations.md'],
  ['a link', 'docs/a.md', 'See [there](decisions/).', 'decisions/'],
  ['a link to a heading', 'docs/a.md', 'See [there](option.md#ports).', 'option.md'],
  ['a file in a comment', 'packages/core/src/a.ts', '/** As encoder.ts does. */', 'encoder.ts'],
  ['a file in a comment of YAML', 'docs/a.yaml', '# As option.md says.', 'option.md'],
])('%s that does not exist is a problem', (_what, path, text, name) => {
  expect(unknownNames(path, text, repository)).toContain(`${path}: there is no ${name}`);
});

test.each([
  ['scripts', 'docs/a.md', '`npm start`, `npm test`, `npm run bench`, `pnpm run run:build`'],
  ['a path', 'docs/a.md', '`packages/core/src/clock.ts`'],
  ['the end of a path', 'docs/a.md', '`wire/encode.ts`, `clock.ts`'],
  ['relative files', 'docs/a.md', '`../README.md`, `./operations.md`'],
  ['links', 'docs/a.md', '[a](operations.md#ports) [b](../packages/core/) [c](https://example.com/x.md)'],
  ['an address on the web', 'docs/a.md', 'https://example.com/nothing.md'],
  ['a pattern', 'docs/a.md', '`*.soak.test.ts`'],
  ['code that is no comment', 'packages/core/src/a.ts', "const file = 'made.json'; const other = `new.md`;"],
])('%s that exist are none', (_what, path, text) => {
  expect(unknownNames(path, text, repository)).toEqual([]);
});
