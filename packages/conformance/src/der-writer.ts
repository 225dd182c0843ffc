/** Writes DER (X.690), for certificates that tests make. */

export function value(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

export const sequence = (...content: readonly Uint8Array[]): Uint8Array => value(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Uint8Array => value(0x31, ...content);
export const text = (content: string): Uint8Array => value(0x0c, Buffer.from(content));
export const octets = (content: Uint8Array): Uint8Array => value(0x04, content);
export const bits = (content: Uint8Array): Uint8Array => value(0x03, Uint8Array.of(0), content);
export const truth: Uint8Array = value(0x01, Uint8Array.of(0xff));
/** The number is positive if the first byte is from 1 to 127. */
export const integer = (...content: readonly Uint8Array[]): Uint8Array => value(0x02, ...content);

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return value(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(arc)));
}

function arc(number: number): readonly number[] {
  const septets = [number % 128];
  for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128))
    septets.unshift((left % 128) | 0x80);
  return septets;
}

/** As GeneralizedTime. */
export function time(at: number): Uint8Array {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return value(0x18, Buffer.from(digits));
}
