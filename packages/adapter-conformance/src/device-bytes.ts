import type { AdapterHarness, WithoutBytes } from './adapter-harness.ts';

/** What `thermostat-7@acme` says on a network connection, in bytes. It waits for no answer. */
export interface DeviceBytes {
  /** All up to where it may upload; with `heard` the device has heard that it may. */
  readonly login: Uint8Array;
  /** @param answer all that the adapter sent so far, a greeting before the login too. */
  heard(answer: Uint8Array): boolean;
  /** @param number from 0, counted within the connection. */
  upload(number: number): Uint8Array;
  /** Something else that it may say at any time, and that says nothing but that it is there. */
  readonly sign: Uint8Array;
  /** Absent where the protocol has none: then `cannot` lists `leave`. */
  readonly goodbye?: Uint8Array;
  /** What ends the connection as `protocol-error`; absent where a device is present without one. */
  readonly broken?: Uint8Array;
  /** Login, as many uploads as may follow at once, and the goodbye where there is one. */
  readonly atOnce: { readonly bytes: Uint8Array; readonly uploads: number };
}

/** What a harness leaves out without a reason, as a sentence that says how to mend it. Else nothing would show what was not tested. */
export function omissionOf({
  bytes,
  cannot = [],
  answersGoodbye,
  heartBeats,
  silenceMs,
}: AdapterHarness): string | undefined {
  // The compiler sees that too, but tests run without it.
  if ((bytes as unknown) === undefined)
    return '`bytes` is missing: say what a device says in bytes, or give the reason in `absentBecause`';
  if ('absentBecause' in bytes)
    return bytes.absentBecause.trim() === '' ? '`absentBecause` is empty: give a reason' : undefined;
  if (!bytes.goodbye && !cannot.includes('leave'))
    return '`bytes.goodbye` is missing: give it, or list `leave` in `cannot`';
  if (answersGoodbye && cannot.includes('leave'))
    return '`answersGoodbye` is set, but `cannot` lists `leave`';
  if (heartBeats && !(heartBeats.intervalMs < silenceMs))
    return '`heartBeats.intervalMs` must be less than `silenceMs`: else no heart-beat comes while a device is silent';
  return undefined;
}

/** What a device says, where there is a byte stream. */
export function bytesOf(bytes: DeviceBytes | WithoutBytes | undefined): DeviceBytes | undefined {
  return bytes && 'login' in bytes ? bytes : undefined;
}
