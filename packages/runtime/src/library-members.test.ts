import { expect, test } from 'vitest';
import { problemsOf, requireMembers } from './library-members.ts';

const members = { size: 'number', held: 'object', push: 1, pop: 0, later: 'optional' } as const;
const good = { size: 3, held: {}, push: (_item: unknown) => {}, pop: () => 7, later: undefined };

test('a library with every member is as expected', () => {
  expect(problemsOf([{ name: 'deliveries', object: good, members }])).toEqual([]);
  expect(() => requireMembers('rhea 1.0.0', [{ name: 'deliveries', object: good, members }])).not.toThrow();
});

test('members of another kind are named', () => {
  const object = { size: '3', held: null, push: (_a: unknown, _b: unknown) => {}, pop: 7, later: undefined };
  expect(problemsOf([{ name: 'deliveries', object, members }])).toEqual([
    'deliveries.size is no number any more',
    'deliveries.held is no object any more',
    'deliveries.push takes 2 arguments, not 1',
    'deliveries.pop is no function any more',
  ]);
});

test.each(Object.keys(members))(
  'a library without %s is refused, with its version and the member',
  (member) => {
    const object = Object.fromEntries(Object.entries(good).filter(([name]) => name !== member));
    expect(() => requireMembers('rhea 1.0.0', [{ name: 'deliveries', object, members }])).toThrow(
      `what is installed is not the rhea 1.0.0 that this was written for\ndeliveries.${member} is gone`,
    );
  },
);
