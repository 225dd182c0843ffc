import type { DeviceBytes } from '@rollcall/adapter-conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';

// Frames of a device that says much at once, as no library does (AMQP 1.0 §2).

export type Bytes = readonly number[];

export const absent: Bytes = [0x40];
export const no: Bytes = [0x42];
export const yes: Bytes = [0x41];
/** Below 65,536. */
export const uint = (value: number): Bytes =>
  value < 256 ? [0x52, value] : [0x70, 0, 0, value >> 8, value & 0xff];
export const text = (value: string): Bytes => [0xa1, value.length, ...Buffer.from(value)];
const symbol = (value: string): Bytes => [0xa3, value.length, ...Buffer.from(value)];
export const binary = (value: string): Bytes => [0xa0, value.length, ...Buffer.from(value)];

export function described(code: number, ...fields: readonly Bytes[]): Bytes {
  const content = fields.flat();
  return [0x00, 0x53, code, 0xc0, content.length + 1, fields.length, ...content];
}

export function frame(type: 0 | 1, ...body: readonly Bytes[]): Buffer {
  const bytes = body.flat();
  return Buffer.from([0, 0, (bytes.length + 8) >> 8, (bytes.length + 8) & 0xff, 2, type, 0, 0, ...bytes]);
}

const header = (protocol: 0 | 3): Buffer => Buffer.from([0x41, 0x4d, 0x51, 0x50, protocol, 1, 0, 0]);
const logIn = Buffer.concat([
  header(3),
  frame(1, described(0x41, symbol('PLAIN'), binary(`\0thermostat-7@acme\0${scriptedPassword}`))),
  header(0),
]);
const open = Buffer.concat([logIn, frame(0, described(0x10, text('unit-1')))]);
const link = Buffer.concat([
  frame(0, described(0x11, absent, uint(0), uint(100), uint(100))),
  frame(0, described(0x12, text('link'), uint(0), no, absent, absent, described(0x28), described(0x29))),
]);
const close = frame(0, described(0x18));
/** The descriptor of a Flow, which gives credit to the link. */
const flow = Buffer.from([0x00, 0x53, 0x13]);

/** A device with a link to send on. It gets credit once it is connected: nothing can be uploaded at once. */
export const deviceBytes: DeviceBytes = {
  login: Buffer.concat([open, link]),
  heard: (answer) => Buffer.from(answer).includes(flow),
  upload: (number) =>
    frame(
      0,
      described(0x14, uint(0), uint(number), binary(`tag ${number}`), uint(0), no),
      described(0x73, absent, absent, text('event')),
      [0x00, 0x53, 0x75, ...binary('x')],
    ),
  sign: frame(0),
  goodbye: close,
  // A frame that is shorter than its own head (§2.3.1).
  broken: Buffer.from([0, 0, 0, 4, 2, 0, 0, 0]),
  atOnce: { bytes: Buffer.concat([open, link, close]), uploads: 0 },
};

/** A login that says how long the device bears silence of the adapter (§2.4.5), in ms. It has an empty frame in each half of that. */
export function loginBearing(silenceMs: number): Uint8Array {
  const milliseconds: Bytes = [0x70, ...[24, 16, 8, 0].map((shift) => (silenceMs >> shift) & 0xff)];
  const asking = described(0x10, text('unit-1'), absent, absent, absent, milliseconds);
  return Buffer.concat([logIn, frame(0, asking), link]);
}

export const heartBeats = {
  intervalMs: 20_000,
  login: loginBearing(40_000),
  /** How many empty frames were heard. */
  countIn(heard: Uint8Array): number {
    const all = Buffer.from(heard);
    const empty = frame(0);
    let count = 0;
    for (let at = all.indexOf(empty); at >= 0; at = all.indexOf(empty, at + empty.length)) count += 1;
    return count;
  },
};
