import { modules } from './internals-of.ts';

const raw = Symbol('raw bytes of the message');

let installed = false;

/**
 * Makes rhea keep the bytes of every message it decodes, so that a network can pass messages on unchanged. rhea has one decoder
 * for the whole process; its other users see no difference.
 */
export function keepRawMessages(): void {
  if (installed) return;
  installed = true;
  const { message: decoder } = modules;
  const decode = decoder.decode.bind(decoder);
  decoder.decode = (bytes) => Object.defineProperty(decode(bytes), raw, { value: bytes });
}

/** The bytes a message was decoded from; `undefined` where rhea did not decode it, as with a message format of its own. */
export function rawBytesOf(message: object): Buffer | undefined {
  return (message as { readonly [raw]?: Buffer })[raw];
}
