/** The database cannot be reached, does not answer, or is overloaded. The same call may succeed later. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
