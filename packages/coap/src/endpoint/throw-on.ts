/** What becomes of an error that nobody wants to be told of. */
export function throwOn(error: unknown): never {
  throw error;
}
