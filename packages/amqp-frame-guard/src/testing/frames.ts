// Frames written by hand, right and wrong, for tests.

/** A value: its bytes. */
export type Bytes = readonly number[];

export const nothing: Bytes = [0x40];
export const yes: Bytes = [0x41];

export function uint(value: number): Bytes {
  return [0x70, ...big(value)];
}

export function text(value: string): Bytes {
  const bytes = [...Buffer.from(value)];
  return [0xb1, ...big(bytes.length), ...bytes];
}

export function symbol(value: string): Bytes {
  return [0xa3, value.length, ...Buffer.from(value)];
}

export function binary(bytes: Bytes): Bytes {
  return [0xb0, ...big(bytes.length), ...bytes];
}

export function list(...items: readonly Bytes[]): Bytes {
  const content = items.flat();
  return [0xd0, ...big(content.length + 4), ...big(items.length), ...content];
}

export function described(code: number, value: Bytes): Bytes {
  return [0x00, 0x53, code, ...value];
}

export interface FrameFacts {
  readonly type?: number;
  readonly channel?: number;
  /** Instead of the right one. */
  readonly size?: number;
  readonly dataOffset?: number;
}

export function frame(body: Bytes, { type = 0, channel = 0, size, dataOffset = 2 }: FrameFacts = {}): Buffer {
  return Buffer.from([
    ...big(size ?? body.length + 8),
    dataOffset,
    type,
    channel >> 8,
    channel & 0xff,
    ...body,
  ]);
}

export const saslHeader: Buffer = Buffer.from([0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0]);
export const amqpHeader: Buffer = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 1, 0, 0]);

export const saslInit = (mechanism = 'ANONYMOUS', response: Bytes = nothing): Buffer =>
  frame(described(0x41, list(symbol(mechanism), response)), { type: 1 });
export const open = (): Buffer => frame(described(0x10, list(text('client'))));
export const begin = (channel = 0): Buffer =>
  frame(described(0x11, list(nothing, uint(0), uint(100), uint(100))), { channel });
export const attach = (handle: number, name = `link-${handle}`, channel = 0): Buffer =>
  frame(described(0x12, list(text(name), uint(handle), [0x42])), { channel });
export const detach = (handle: number): Buffer => frame(described(0x16, list(uint(handle))));
export const end = (channel = 0): Buffer => frame(described(0x17, list()), { channel });
export const close = (): Buffer => frame(described(0x18, list()));
export const disposition = (first: number, last: number): Buffer =>
  frame(described(0x15, list(yes, uint(first), uint(last))));

export interface TransferFacts {
  readonly handle?: number;
  readonly format?: number;
  readonly deliveryId?: number;
  readonly more?: boolean;
  readonly aborted?: boolean;
  readonly state?: Bytes;
  readonly payload?: Bytes;
}

/** A message of one Data section. */
export const data = (bytes: number): Bytes => described(0x75, binary(Array.from({ length: bytes }, () => 1)));

export function transfer({
  handle = 0,
  deliveryId = 0,
  format = 0,
  more = false,
  aborted = false,
  state = nothing,
  payload = data(1),
}: TransferFacts = {}): Buffer {
  const flag = (value: boolean): Bytes => [value ? 0x41 : 0x42];
  const fields = [
    uint(handle),
    uint(deliveryId),
    binary([1]),
    uint(format),
    nothing,
    flag(more),
    nothing,
    state,
    nothing,
    flag(aborted),
  ];
  return frame([...described(0x14, list(...fields)), ...payload]);
}

function big(value: number): Bytes {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
