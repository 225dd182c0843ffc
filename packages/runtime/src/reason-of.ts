/** Why something failed, for people. Where several addresses were tried, each failed for a reason of its own: the first is told. */
export function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  if (!(first instanceof Error)) return String(first);
  if (first.message !== '') return first.message;
  return first.cause === undefined ? String(first) : reasonOf(first.cause);
}
