import type { SQLInputValue } from 'node:sqlite';
import type { FilterValue, SearchFilter, SearchOrder } from '../registry-search.ts';
import { isIndex } from '../is-index.ts';
import { isWildcard } from '../wildcard.ts';

/** A piece of SQL, and the values of its parameters (`?`). */
export interface SqlPiece {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** SQL for the condition that a filter puts on a row of `here`, which has the columns `id` and `content`. */
export function filterSql(filter: SearchFilter): SqlPiece {
  const any = filter.values.map((value) =>
    isId(filter.path) ? idTest(value) : memberTest(filter.path, value),
  );
  const sql = any.length === 0 ? 'FALSE' : any.map((piece) => piece.sql).join(' OR ');
  const values = any.flatMap((piece) => piece.values);
  return { sql: filter.op === 'not-in' ? `NOT (${sql})` : `(${sql})`, values };
}

export function orderSql(order: readonly SearchOrder[]): SqlPiece {
  const pieces = order.map(({ path, isDescending }): SqlPiece => {
    const direction = isDescending ? 'DESC' : 'ASC';
    return isId(path)
      ? { sql: `here.id ${direction}`, values: [] }
      : { sql: `${firstOf(jsonPaths(path))} ${direction}`, values: jsonPaths(path) };
  });
  return {
    sql: [...pieces.map((piece) => piece.sql), 'here.id'].join(', '),
    values: pieces.flatMap((piece) => piece.values),
  };
}

function isId(path: readonly string[]): boolean {
  return path.length === 1 && path[0] === 'id';
}

function idTest(value: FilterValue): SqlPiece {
  if (typeof value !== 'string') return { sql: 'FALSE', values: [] };
  return { sql: isWildcard(value) ? 'matches_wildcard(?, here.id)' : 'here.id = ?', values: [value] };
}

/** `json_each` gives one row for a scalar, and one for each element of a list. */
function memberTest(path: readonly string[], value: FilterValue): SqlPiece {
  const { sql, values } = valueTest(value);
  const test = `(json_type(here.content, ?) <> 'object' AND EXISTS (SELECT 1 FROM json_each(here.content, ?) AS each WHERE ${sql}))`;
  const places = jsonPaths(path);
  return {
    sql: places.map(() => test).join(' OR '),
    values: places.flatMap((at) => new Array<SQLInputValue>(at, at).concat(values)),
  };
}

/** At most one of the paths leads to a value. */
function firstOf(paths: readonly string[]): string {
  const all = paths.map(() => 'json_extract(here.content, ?)');
  return all.length === 1 ? all.join('') : `coalesce(${all.join(', ')})`;
}

function valueTest(value: FilterValue): SqlPiece {
  if (typeof value === 'boolean') return { sql: `each.type = '${value}'`, values: [] };
  if (typeof value === 'number')
    return { sql: `each.type IN ('integer', 'real') AND each.value = ?`, values: [value] };
  const test = isWildcard(value) ? 'matches_wildcard(?, each.value)' : 'each.value = ?';
  return { sql: `each.type = 'text' AND ${test}`, values: [value] };
}

/** So many numbers of a path may be the index of an element: each of them doubles the number of paths. */
const maxIndexes = 3;

/** A path in SQLite's forms: its names are quoted, and escaped as in JSON. A number is a name in an object, or an index in a list. */
function jsonPaths(path: readonly string[]): readonly string[] {
  let indexes = 0;
  return path.reduce<readonly string[]>(
    (paths, name) => {
      const members = paths.map((each) => `${each}.${JSON.stringify(name)}`);
      if (!isIndex(name) || indexes === maxIndexes) return members;
      indexes += 1;
      return [...members, ...paths.map((each) => `${each}[${name}]`)];
    },
    ['$'],
  );
}
