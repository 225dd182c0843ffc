/** Bytes are not what the standard says they are. Who sent them is not known: they are dropped, and nothing else happens. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}
