export interface Column {
  readonly heading: string;
  /** The width in characters that it keeps while other columns can still be cut. */
  readonly least: number;
  /** The text of a cell in fewer characters. */
  short(text: string): string;
}

const gap = '  ';

/** Rows under their headings, none wider than `width`. Cells are shortened, and cut only after that: the widest column first. */
export function fitTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const whole = [columns.map(({ heading }) => heading), ...rows];
  const full = widthsOf(whole);
  if (total(full) <= width) return whole.map((row) => lineOf(row, full));
  const short = whole.map((row, index) =>
    row.map((cell, column) => (index === 0 ? cell : (columns[column]?.short(cell) ?? cell))),
  );
  const least = columns.map((column) => column.least);
  const widths = narrowed(widthsOf(short.slice(1)), least, width);
  return short.map((row) => lineOf(row, widths).slice(0, width));
}

function widthsOf(rows: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return widths;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, 0) + gap.length * Math.max(0, widths.length - 1);
}

/** The width that each column keeps in a terminal that is too narrow for all of them. */
const barely = 6;

/** Cuts the column that is furthest above its least width, until all fit. */
function narrowed(wanted: readonly number[], least: readonly number[], width: number): readonly number[] {
  const widths = wanted.map((each, column) => Math.max(each, Math.min(least[column] ?? 0, barely)));
  for (const floor of [least, least.map((each) => Math.min(each, barely))])
    while (total(widths) > width) {
      const spare = widths.map((each, column) => each - (floor[column] ?? 0));
      const most = Math.max(...spare);
      if (most <= 0) break;
      const widest = spare.indexOf(most);
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  return widths;
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0))
    .join(gap)
    .trimEnd();
}

/** Cuts the middle of a text: both ends help to tell devices apart. */
function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width < 8) return `${text.slice(0, Math.max(0, width - 1))}…`;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
