/** What happens to an error where no `onError` is given. */
export function throwOn(error: unknown): never {
  throw error;
}
