import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  checkRhea,
  expectations,
  explain,
  installedVersion,
  problemsOf,
  testedVersion,
} from './check-rhea.ts';

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

test('a rhea with other kinds of members is refused with their names', () => {
  const members = { size: 'number', held: 'object', push: 1, pop: 0 } as const;
  const object = { size: '3', held: null, push: (_a: unknown, _b: unknown) => {}, pop: 7 };
  expect(problemsOf([{ name: 'deliveries', object, members }])).toEqual([
    'deliveries.size is no number any more',
    'deliveries.held is no object any more',
    'deliveries.push takes 2 arguments, not 1',
    'deliveries.pop is no function any more',
  ]);
});

test('the error says which rhea to install', () => {
  expect(explain(['connection._process is gone'])).toBe(
    `rhea ${testedVersion} is not the rhea ${testedVersion} that this was written for: install ${testedVersion}\nconnection._process is gone`,
  );
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
