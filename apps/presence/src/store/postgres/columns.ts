type ColumnType = 'text' | 'bigint' | 'boolean';

/**
 * Rows as arrays, one for each column, so that many are written by one statement.
 *
 * @param types of the columns, in their order.
 */
export function columns<Row extends object>(
  rows: readonly Row[],
  types: Readonly<Partial<Record<keyof Row & string, ColumnType>>>,
): { readonly values: readonly unknown[]; readonly unnest: string } {
  const names = Object.keys(types) as (keyof Row & string)[];
  const parameters = names.map((name, index) => `$${index + 1}::${types[name]}[]`);
  const quoted = names.map((name) => `"${name}"`);
  return {
    values: names.map((name) => rows.map((row) => row[name])),
    unnest: `(SELECT * FROM unnest(${parameters.join(', ')}) WITH ORDINALITY AS u(${quoted.join(', ')}, place))`,
  };
}
