import { anEvent } from '@rollcall/conformance';
import type { TenantDownstream } from '@rollcall/core/sink';
import type { PropertyValue } from '@rollcall/core/internal';
import { encodeEvent } from '@rollcall/hono-wire';
import { describe, expect, test } from 'vitest';
import { downstreamOfMessage } from './downstream-of-message.ts';

const scalars: readonly PropertyValue[] = [
  '',
  'Zürich',
  'x'.repeat(300),
  'ü'.repeat(200),
  true,
  false,
  0,
  -1,
  127,
  -128,
  128,
  2_147_483_647,
  -2_147_483_648,
  4_294_967_296,
  -9_007_199_254_740_991,
  0.5,
  -1e300,
];

describe('the settings of a tenant are read from the message of an event', () => {
  test.each<[string, TenantDownstream]>([
    ['nothing', { defaults: {} }],
    ['a time to live', { defaults: {}, maxTtlSeconds: 86_400 }],
    ['a short time to live', { defaults: {}, maxTtlSeconds: 1 }],
    ['no time to live at all', { defaults: {}, maxTtlSeconds: 0 }],
    ...scalars.map((value): [string, TenantDownstream] => [
      `the property ${String(value).slice(0, 20)}`,
      { defaults: { region: value, 'second one': 'b' }, maxTtlSeconds: 600 },
    ]),
  ])('%s', (_, downstream) => {
    expect(downstreamOfMessage(encodeEvent(anEvent('e1'), downstream))).toEqual(downstream);
    expect(downstreamOfMessage(encodeEvent(anEvent('e1'), downstream, { announcement: true }))).toEqual(
      downstream,
    );
  });
});

test('a message that is cut off anywhere, or of other bytes, is not read', () => {
  const message = encodeEvent(anEvent('e1'), { defaults: { a: 1 } });
  for (let length = 1; length < message.byteLength; length++) {
    let read: unknown;
    try {
      read = downstreamOfMessage(message.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      continue;
    }
    // Cut between two sections, it is a valid shorter message.
    expect(read).toHaveProperty('defaults');
  }
  expect(() => downstreamOfMessage(Buffer.from('{}'))).toThrow(RangeError);
});
