import { scriptedPassword } from '@rollcall/conformance/registry';

type Words = string | Uint8Array;

/** What a device says, in the bytes of the protocol. Tests that are not about these bytes take them from here. */
export const says = {
  /** Any words, as a request stands in the bytes. */
  request,
  login: (username: Words = 'thermostat-7@acme', password: Words = scriptedPassword) =>
    request('login', username, password),
  /** With the certificate that it presented to TLS. */
  loginWithoutAWord: request('login'),
  telemetry: (contentType: Words, data: Words) => request('telemetry', contentType, data),
  event: (contentType: Words, data: Words) => request('event', contentType, data),
  /** Any request that is answered and has no other effect. */
  ping: request('ping'),
  bye: request('bye'),
  /** Breaks the protocol. */
  nonsense: request('nonsense'),
  /** A frame that `frameProblem` finds worthless. */
  unsound: request(Uint8Array.of(0x70, 0xff)),
} as const;

/** A limit that leaves room for each request of `says` where its data are short. */
export const tightBytes = 64;

/** What the adapter answers, in the bytes of the protocol. */
export const hears = {
  /** The answer to a login that is accepted. */
  welcome: request('ok'),
} as const;

/** What the adapter finds wrong with `says.nonsense` and `says.unsound`. */
export const objections = { nonsense: 'unknown request', unsound: 'not UTF-8' } as const;

function request(...words: readonly Words[]): Uint8Array {
  const spaced = words.flatMap((word, at) => (at === 0 ? [word] : [' ', word]));
  return Buffer.concat([...spaced, '\n'].map((part) => Buffer.from(part)));
}
