import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { migrate } from './migrate.ts';

function given(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  onTestFinished(() => database.close());
  return database;
}

const steps = ['CREATE TABLE one (x)', 'CREATE TABLE two (x)'];

function tablesOf(database: DatabaseSync): unknown {
  return database
    .prepare('SELECT name FROM sqlite_schema ORDER BY name')
    .all()
    .map((row) => row['name']);
}

test('a database takes the steps that it lacks, once', () => {
  const database = given();
  migrate(database, steps, 1);
  expect(tablesOf(database)).toEqual(['one']);
  migrate(database, steps);
  migrate(database, steps);
  expect(tablesOf(database)).toEqual(['one', 'two']);
});

test('where one step fails, the database stays as it was', () => {
  const database = given();
  expect(() => migrate(database, [...steps, 'no SQL'])).toThrow('syntax error');
  expect(tablesOf(database)).toEqual([]);
});

test('a database of a later version is left alone', () => {
  const database = given();
  migrate(database, steps);
  expect(() => migrate(database, steps.slice(1))).toThrow(
    'a later version of this program (2, this one knows 1)',
  );
});
