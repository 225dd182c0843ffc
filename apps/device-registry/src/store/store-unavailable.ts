/** The database cannot be reached, does not answer, or has too much to do: the same may succeed later. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
