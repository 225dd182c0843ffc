import { readFileSync } from 'node:fs';
import { problemsOf } from '@rollcall/runtime/library-members';
import type { Aedes } from 'aedes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkAedes, expectedOf, testedVersions } from './check-aedes.ts';
import { createSilentBroker } from './silent-broker.ts';

let broker: Aedes;

beforeAll(async () => {
  broker = await createSilentBroker({});
});
afterAll(() => new Promise<void>((resolve) => broker.close(() => resolve())));

const textOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.each(Object.entries(testedVersions))('the %s that is pinned and installed is %s', (library, version) => {
  const pinned = JSON.parse(textOf('package.json')) as { readonly devDependencies: Record<string, string> };
  const installed = JSON.parse(textOf(`node_modules/${library}/package.json`)) as {
    readonly version: string;
  };
  expect([pinned.devDependencies[library], installed.version]).toEqual([version, version]);
});

test('the installed aedes has every member', () => {
  expect(problemsOf(expectedOf(broker))).toEqual([]);
  expect(() => checkAedes(broker)).not.toThrow();
});

test('an aedes without a member is refused, and the member named', () => {
  const expected = expectedOf(broker);
  const members = expected.flatMap(({ name, members: of }) =>
    Object.keys(of).map((member) => `${name}.${member}`),
  );
  expect(members.length).toBeGreaterThan(30);
  const nothing = expected.map(({ name, members: of }) => ({ name, object: {}, members: of }));
  expect(problemsOf(nothing)).toEqual(members.map((member) => `${member} is gone`));
});
