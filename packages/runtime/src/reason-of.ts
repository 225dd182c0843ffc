/** Why something failed, for people. Where several addresses were tried, each failed for a reason of its own: the first is told. */
export function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { message, cause } = first as { readonly message?: string; readonly cause?: unknown };
  if (message !== undefined && message !== '') return message;
  return cause === undefined ? String(first) : reasonOf(cause);
}
