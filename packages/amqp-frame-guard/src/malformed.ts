/** What a peer sent breaks the protocol, or a limit. Thrown and caught within this package. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}
