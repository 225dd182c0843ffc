import { describe, expect, test } from 'vitest';
import { blockOption, readBlock, szxWithin } from './block-option.ts';
import { coapOption } from './coap-option.ts';
import { contentFormat, readUint, textOption, uintOption, uriPath, uriQuery } from './option-values.ts';

test.each([
  [0, []],
  [1, [1]],
  [255, [255]],
  [256, [1, 0]],
  [0xffff_ffff, [255, 255, 255, 255]],
  [1_764_000_000_000, [0x01, 0x9a, 0xb6, 0x97, 0xe8, 0x00]],
])('the number %i takes as many bytes as it needs', (value, bytes) => {
  const option = uintOption(65_000, value);
  expect([...option.value]).toEqual(bytes);
  expect(readUint({ options: [option] }, 65_000)).toBe(value);
});

test('an option number may begin with zeros, and is not read where it exceeds a safe integer', () => {
  const read = (value: Uint8Array) => readUint({ options: [{ number: 65_000, value }] }, 65_000);
  expect(read(Uint8Array.of(0, 0, 1, 0))).toBe(256);
  expect(read(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5))).toBe(5);
  expect(read(new Uint8Array(8).fill(255))).toBeUndefined();
  expect(() => uintOption(14, -1)).toThrow(RangeError);
  expect(() => uintOption(14, 1.5)).toThrow(RangeError);
});

test('a path and a query are read part by part', () => {
  const options = [
    textOption(coapOption.uriPath, 'telemetry'),
    textOption(coapOption.uriPath, ''),
    textOption(coapOption.uriPath, 'größe'),
    uintOption(coapOption.contentFormat, 50),
    textOption(coapOption.uriQuery, 'hono-ttd=5'),
    textOption(coapOption.uriQuery, 'empty'),
  ];
  expect(uriPath({ options })).toEqual(['telemetry', '', 'größe']);
  expect(uriQuery({ options })).toEqual(['hono-ttd=5', 'empty']);
  expect(contentFormat({ options })).toBe(50);
  expect(contentFormat({ options: [] })).toBeUndefined();
});

describe('a block', () => {
  test.each([
    [{ num: 0, more: false, szx: 0 }, 0],
    [{ num: 0, more: true, szx: 6 }, 1],
    [{ num: 15, more: true, szx: 2 }, 1],
    [{ num: 16, more: false, szx: 2 }, 2],
    [{ num: 0xf_ff_ff, more: true, szx: 6 }, 3],
  ])('%j takes %i bytes', (block, length) => {
    const option = blockOption(coapOption.block1, block);
    expect(option.value).toHaveLength(length);
    expect(readBlock({ options: [option] }, coapOption.block1)).toEqual(block);
  });

  test('a block number or size that has no encoding is refused', () => {
    expect(() => blockOption(27, { num: 0x10_00_00, more: false, szx: 0 })).toThrow(RangeError);
    expect(() => blockOption(27, { num: 0, more: false, szx: 7 })).toThrow(RangeError);
  });

  test.each([
    [1_024, 6],
    [5_000, 6],
    [1_023, 5],
    [64, 2],
    [16, 0],
    [3, 0],
    [-8, 0],
  ])('within %i bytes has the exponent %i', (bytes, szx) => expect(szxWithin(bytes)).toBe(szx));
});
