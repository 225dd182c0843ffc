import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { problemsOf } from '@rollcall/runtime/library-members';
import { checkRhea, expectations, installedVersion, testedVersion } from './check-rhea.ts';

test('the installed rhea is the one whose members were looked up', () => {
  expect(
    installedVersion,
    'rhea was updated: look in its lib/ for what each member of raw.ts does now, then change testedVersion',
  ).toBe(testedVersion);
});

test('the version that is pinned for all packages is the one whose members were looked up', () => {
  const workspace = readFileSync(new URL('../../../pnpm-workspace.yaml', import.meta.url), 'utf8');
  expect(workspace).toContain(`rhea: ${testedVersion}\n`);
});

test('the installed rhea has every member', () => {
  expect(problemsOf(expectations())).toEqual([]);
  expect(() => checkRhea()).not.toThrow();
});

const everyMember = expectations().flatMap(({ name, members }) =>
  Object.keys(members).map((member) => [name, member] as const),
);

test.each(everyMember)('a rhea without %s.%s is refused with the name of the member', (name, member) => {
  const seen = expectations().map(({ name: of, object, members }) => ({
    name: of,
    object: of === name ? without(object, member) : object,
    members,
  }));
  expect(problemsOf(seen)).toEqual([`${name}.${member} is gone`]);
});

function without(object: object, member: string): object {
  return new Proxy(
    {},
    {
      has: (_target, name) => name !== member && name in object,
      get: (_target, name): unknown => Reflect.get(object, name),
    },
  );
}
