/** The default of `onError`: rethrows. */
export function throwOn(error: unknown): never {
  throw error;
}
