/** Counts by name; rows without one are left out. */
export function summed<Row extends { readonly count: number }>(
  rows: readonly Row[],
  nameOf: (row: Row) => string | null,
): Record<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const name = nameOf(row);
    if (name !== null) sums.set(name, (sums.get(name) ?? 0) + row.count);
  }
  return Object.fromEntries(sums);
}
