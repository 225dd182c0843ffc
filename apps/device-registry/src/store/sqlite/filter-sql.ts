import type { SQLInputValue } from 'node:sqlite';
import type { FilterValue, SearchFilter, SearchOrder } from '../registry-search.ts';
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
      : { sql: `json_extract(here.content, ?) ${direction}`, values: [jsonPath(path)] };
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
  const at = jsonPath(path);
  const { sql, values } = valueTest(value);
  return {
    sql: `(json_type(here.content, ?) <> 'object' AND EXISTS (SELECT 1 FROM json_each(here.content, ?) AS each WHERE ${sql}))`,
    values: [at, at, ...values],
  };
}

function valueTest(value: FilterValue): SqlPiece {
  if (typeof value === 'boolean') return { sql: `each.type = '${value}'`, values: [] };
  if (typeof value === 'number')
    return { sql: `each.type IN ('integer', 'real') AND each.value = ?`, values: [value] };
  const test = isWildcard(value) ? 'matches_wildcard(?, each.value)' : 'each.value = ?';
  return { sql: `each.type = 'text' AND ${test}`, values: [value] };
}

/** A path in SQLite's form: its names are quoted, and escaped as in JSON. */
function jsonPath(path: readonly string[]): string {
  return `$${path.map((name) => `.${JSON.stringify(name)}`).join('')}`;
}
