type ColumnType = 'text' | 'bigint' | 'boolean';

/**
 * Turns rows into one array for each column, so that one statement reads or writes many rows.
 *
 * @param types the types of the columns, in their order.
 * @returns the parameters of the statement, and SQL for the rows as a table; its column `place` numbers them.
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
