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
  /** Breaks the protocol. */
  nonsense: request('nonsense'),
  /** A frame that `frameProblem` finds worthless. */
  unsound: request(Uint8Array.of(0x70, 0xff)),
} as const;

/** What a device says at the end. `undefined` where the protocol has no goodbye: only `goodbye.test.ts` needs one. */
export const goodbye: Uint8Array | undefined = request('bye');

/** For the end of a conversation. */
export const endOfTalk: readonly Uint8Array[] = [goodbye].filter((said) => said !== undefined);

/** A limit that leaves room for each request of `says` where its data are short. */
export const tightBytes = 64;

/** What the adapter answers, in the bytes of the protocol. */
export const hears = {
  /** The answer to a login that is accepted. */
  welcome: request('ok'),
} as const;

/** Whether the adapter greets a device before it logs in. */
export const speaksFirst: boolean = false;

/**
 * Whether the adapter says this by itself, as no answer: a greeting, or a heart-beat. `connectDevice` skips it.
 *
 * @param frame as it stands in the bytes.
 */
export function isUnasked(_frame: Uint8Array): boolean {
  return false;
}

/**
 * The texts of errors, without `error ` before them. Tests compare each with what `wordsOf` makes of an answer, and all of it has
 * to be the same.
 */
export const objections = {
  /** To `says.nonsense`. */
  nonsense: 'unknown request',
  /** To `says.unsound`. */
  unsound: 'not UTF-8',
  tooLong: 'request too long',
  loginFirst: 'login first',
  loginWithoutCredentials: 'login needs a user and a password',
  secondLogin: 'logged in already',
  lateLogin: 'login timed out',
  wrongPassword: 'bad credentials',
  throttled: 'too many failed attempts, try again later',
  accessRevoked: 'device is disabled or not registered',
  silence: 'keepalive-timeout',
  shutdown: 'adapter-shutdown',
} as const;

function request(...words: readonly Words[]): Uint8Array {
  const spaced = words.flatMap((word, at) => (at === 0 ? [word] : [' ', word]));
  return Buffer.concat([...spaced, '\n'].map((part) => Buffer.from(part)));
}
