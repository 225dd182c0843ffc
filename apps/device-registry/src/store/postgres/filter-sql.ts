import type { FilterValue, SearchFilter, SearchOrder } from '../registry-search.ts';
import { isIndex } from '../is-index.ts';
import { isWildcard } from '../wildcard.ts';

/** The parameters of a query. */
export class Values {
  readonly all: unknown[] = [];

  /** Adds a parameter. @returns its name in the SQL, such as `$1`. */
  add(value: unknown): string {
    this.all.push(value);
    return `$${this.all.length}`;
  }
}

/** SQL for the condition that a filter puts on a row of `here`, which has the columns `id` and `content`. */
export function filterSql(filter: SearchFilter, values: Values): string {
  const any = filter.values.map((value) =>
    isId(filter.path) ? idTest(value, values) : memberTest(filter.path, value, values),
  );
  const sql = any.length === 0 ? 'false' : any.join(' OR ');
  return filter.op === 'not-in' ? `NOT (${sql})` : `(${sql})`;
}

export function orderSql(order: readonly SearchOrder[], values: Values): string {
  const pieces = order.map(({ path, isDescending }) => {
    const direction = isDescending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST';
    return isId(path) ? `here.id ${direction}` : `${memberOf(path, values)} ${direction}`;
  });
  return [...pieces, 'here.id'].join(', ');
}

function isId(path: readonly string[]): boolean {
  return path.length === 1 && path[0] === 'id';
}

function idTest(value: FilterValue, values: Values): string {
  if (typeof value !== 'string') return 'false';
  return isWildcard(value) ? `here.id LIKE ${values.add(likeOf(value))}` : `here.id = ${values.add(value)}`;
}

/** SQL for the values to compare: the elements of a list, or the value itself. */
function memberTest(path: readonly string[], value: FilterValue, values: Values): string {
  const member = `(${memberOf(path, values)})`;
  const elements = `CASE jsonb_typeof(${member}) WHEN 'array' THEN ${member} ELSE jsonb_build_array(${member}) END`;
  return `EXISTS (SELECT 1 FROM jsonb_array_elements(${elements}) AS each (value) WHERE ${valueTest(value, values)})`;
}

/** SQL for the member at a path. PostgreSQL would also read `-1` and `01` as indexes: `->` takes a text as a name only. */
function memberOf(path: readonly string[], values: Values): string {
  const mayBeRead = path.every((name) => isIndex(name) || !/^\s*[-+]?\d/.test(name));
  if (mayBeRead) return `here.content #> ${values.add(path)}::text[]`;
  return path.reduce(
    (member, name) =>
      isIndex(name)
        ? `(${member} #> ARRAY[${values.add(name)}::text])`
        : `(${member} -> ${values.add(name)}::text)`,
    'here.content',
  );
}

function valueTest(value: FilterValue, values: Values): string {
  if (typeof value !== 'string' || !isWildcard(value))
    return `each.value = ${values.add(JSON.stringify(value))}::jsonb`;
  return `jsonb_typeof(each.value) = 'string' AND each.value #>> '{}' LIKE ${values.add(likeOf(value))}`;
}

function likeOf(pattern: string): string {
  return pattern
    .replaceAll(/[\\%_]/g, String.raw`\$&`)
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}
