/** Rows that are drawn: those in sight, and a few around them. */
export interface VisibleRows {
  readonly first: number;
  /** Behind the last one. */
  readonly end: number;
}

const around = 8;

/** All in CSS pixels. `scrolled` may be beyond both ends: browsers let lists bounce. */
export function visibleRows(given: {
  readonly scrolled: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly rows: number;
}): VisibleRows {
  const { scrolled, height, rowHeight, rows } = given;
  const inSight = Math.ceil(height / rowHeight) + 1;
  const first = Math.max(0, Math.min(Math.floor(scrolled / rowHeight), rows - inSight) - around);
  return { first, end: Math.min(rows, first + inSight + 2 * around) };
}
