/** Bytes are not what the standard requires. It is not known who sent them: they are dropped, without any other effect. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}
