/** @param {number[]} values */
export function median(values) {
  return percentile(values, 0.5);
}

/**
 * The nearest-rank percentile.
 * @param {number[]} values @param {number} share 0 to 1
 */
export function percentile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
