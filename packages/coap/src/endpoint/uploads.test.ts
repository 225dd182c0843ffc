import { ManualClock } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { blockOption, readBlock, type Block } from '../wire/block-option.ts';
import { coapCode, formatCode } from '../wire/coap-code.ts';
import type { CoapLimits } from './coap-limits.ts';
import type { CoapMessage, CoapOption } from '../wire/coap-message.ts';
import { coapOption } from '../wire/coap-option.ts';
import { readUint, textOption, uintOption } from '../wire/option-values.ts';
import { createEndpointBed } from '../testing/endpoint-bed.ts';

interface Part {
  readonly peer?: string;
  readonly path?: string;
  readonly options?: readonly CoapOption[];
  readonly facts?: Partial<CoapMessage>;
}

function givenAnEndpoint(limits: Partial<CoapLimits> = {}) {
  const clock = new ManualClock();
  const bed = createEndpointBed(clock, { limits });
  let id = 0;
  /** Sends a block under a new message id and a new token; returns the answer's code and its Block1. */
  const put = (block: Block, payload: Uint8Array | string, part: Part = {}): [string, Block?] => {
    const { peer, path = 'telemetry', options = [], facts } = part;
    id++;
    bed.say(
      {
        id,
        token: Uint8Array.of(id >> 8, id),
        options: [
          textOption(coapOption.uriPath, path),
          { number: coapOption.block1, value: blockOption(coapOption.block1, block).value },
          ...options,
        ],
        payload: Buffer.from(payload),
        ...facts,
      },
      peer,
    );
    const [answer] = bed.sent();
    if (!answer) throw new Error('there is no answer');
    const echoed = readBlock(answer, coapOption.block1);
    return echoed ? [formatCode(answer.code), echoed] : [formatCode(answer.code)];
  };
  const bodies = (): string[] => bed.handled.map(({ payload }) => Buffer.from(payload).toString());
  return { ...bed, clock, put, bodies };
}

const a16 = 'a'.repeat(16);
const b16 = 'b'.repeat(16);
const block = (num: number, more: boolean, szx = 0): Block => ({ num, more, szx });

test('a body in blocks is handled once, whole, whatever tokens its blocks have', () => {
  const { put, bodies } = givenAnEndpoint();
  expect(put(block(0, true), a16)).toEqual(['2.31', block(0, true)]);
  expect(put(block(1, true), b16)).toEqual(['2.31', block(1, true)]);
  expect(bodies()).toEqual([]);
  expect(put(block(2, false), 'end')).toEqual(['2.04', block(2, false)]);
  expect(bodies()).toEqual([`${a16}${b16}end`]);
});

test('a body in blocks without tokens is handled', () => {
  const { put, bodies } = givenAnEndpoint();
  const facts = { token: new Uint8Array() };
  put(block(0, true), a16, { facts });
  put(block(1, false), 'end', { facts });
  expect(bodies()).toEqual([`${a16}end`]);
});

test('a body of one block is handled at once', () => {
  const { put, bodies, endpoint } = givenAnEndpoint();
  expect(put(block(0, false), 'x')).toEqual(['2.04', block(0, false)]);
  expect(bodies()).toEqual(['x']);
  expect(endpoint.statistics()).toMatchObject({ uploads: 0, uploadBytes: 0 });
});

test('copies of blocks are answered again, and change nothing', () => {
  const { put, say, bodies } = givenAnEndpoint();
  put(block(0, true), a16);
  // The same message, as a network doubles it.
  for (const id of [1, 1]) say({ id });
  expect(put(block(1, true), b16)[0]).toBe('2.31');
  // The same block, from a client that saw no answer.
  expect(put(block(1, true), b16)).toEqual(['2.31', block(1, true)]);
  expect(put(block(0, false), 'x')[0]).toBe('2.04');
  expect(bodies()).toEqual(['x']);
});

test('a block that comes again with other content is refused with 4.08', () => {
  const { put } = givenAnEndpoint();
  put(block(0, true), a16);
  put(block(1, true), b16);
  expect(put(block(1, true), a16)[0]).toBe('4.08');
});

describe('the block size is agreed on', () => {
  test('a first block that is larger than ours is taken, and smaller ones are asked for', () => {
    const { put, bodies } = givenAnEndpoint({ blockBytes: 32 });
    expect(put(block(0, true, 2), 'c'.repeat(64))).toEqual(['2.31', block(0, true, 1)]);
    expect(put(block(2, true, 1), 'd'.repeat(32))).toEqual(['2.31', block(2, true, 1)]);
    expect(put(block(3, false, 1), 'end')[0]).toBe('2.04');
    expect(bodies()).toEqual([`${'c'.repeat(64)}${'d'.repeat(32)}end`]);
  });

  test('a client that keeps to its larger block size is served too', () => {
    const { put } = givenAnEndpoint({ blockBytes: 32 });
    put(block(0, true, 2), 'c'.repeat(64));
    expect(put(block(1, false, 2), 'end')[0]).toBe('2.04');
  });
});

describe('4.08, for a block whose predecessors are missing', () => {
  test('a block is refused with 4.08 where the first one is missing', () => {
    const { put, handled } = givenAnEndpoint();
    expect(put(block(1, false), 'end')).toEqual(['4.08']);
    expect(handled).toEqual([]);
  });

  test('a block is refused with 4.08 where one in between is missing', () => {
    const { put } = givenAnEndpoint();
    put(block(0, true), a16);
    expect(put(block(2, true), b16)).toEqual(['4.08']);
    expect(put(block(1, false), 'end')[0]).toBe('2.04');
  });

  test.each<[string, Part]>([
    ['the ones before it were for another path', { path: 'event' }],
    ['the ones before it came from another peer', { peer: 'another' }],
    ['the ones before it had another method', { facts: { code: coapCode.put } }],
    ['the ones before it had another query', { options: [textOption(coapOption.uriQuery, 'x')] }],
    [
      'the ones before it had another Content-Format',
      { options: [uintOption(coapOption.contentFormat, 50)] },
    ],
  ])('a block is refused with 4.08 where %s', (_what, part) => {
    const { put } = givenAnEndpoint();
    put(block(0, true), a16);
    expect(put(block(1, false), 'end', part)).toEqual(['4.08']);
    expect(put(block(1, false), 'end')[0]).toBe('2.04');
  });

  test('blocks with other elective options belong to the same body', () => {
    const { put } = givenAnEndpoint();
    put(block(0, true), a16, { options: [uintOption(65_000, 1), uintOption(coapOption.size1, 19)] });
    expect(put(block(1, false), 'end', { options: [uintOption(65_000, 2)] })[0]).toBe('2.04');
  });

  test('a block is refused with 4.08 where the ones before it came too long ago', () => {
    const { put, clock, endpoint } = givenAnEndpoint({ transferLifetimeMs: 10_000 });
    put(block(0, true), a16);
    clock.advance(9_999);
    put(block(1, true), b16);
    clock.advance(9_999);
    expect(put(block(2, true), b16)[0]).toBe('2.31');
    clock.advance(10_000);
    expect(endpoint.statistics()).toMatchObject({ uploads: 0, uploadBytes: 0 });
    expect(put(block(3, false), 'end')).toEqual(['4.08']);
  });
});

describe('two bodies of one peer to one resource, at the same time', () => {
  const tagged = (...tags: readonly string[]): Part => ({
    options: tags.map((tag) => textOption(coapOption.requestTag, tag)),
  });

  test.each<[string, Part, Part]>([
    ['that have Request-Tags', tagged('1'), tagged('2')],
    ['of which one has a Request-Tag, though an empty one', {}, tagged('')],
    ['that differ in one of several', tagged('1', '2'), tagged('1', '3')],
  ])('%s are kept apart', (_what, first, second) => {
    const { put, bodies } = givenAnEndpoint();
    put(block(0, true), a16, first);
    put(block(0, true), b16, second);
    expect(put(block(1, true), a16, first)[0]).toBe('2.31');
    expect(put(block(1, false), 'second', second)[0]).toBe('2.04');
    expect(put(block(2, false), 'first', first)[0]).toBe('2.04');
    expect(bodies()).toEqual([`${b16}second`, `${a16}${a16}first`]);
  });

  test('bodies with different tags are bounded for each peer: the oldest is forgotten', () => {
    const { put, endpoint } = givenAnEndpoint();
    for (let tag = 0; tag < 1_000; tag++) put(block(0, true), a16, tagged(String(tag)));
    expect(endpoint.statistics()).toMatchObject({ uploads: 4 });
    expect(put(block(1, false), 'end', tagged('995'))).toEqual(['4.08']);
    expect(put(block(1, false), 'end', tagged('996'))[0]).toBe('2.04');
  });

  test('a Request-Tag that is too long counts as none (RFC 9175 §3.2)', () => {
    const { put } = givenAnEndpoint();
    put(block(0, true), a16, tagged('more than8'));
    expect(put(block(1, false), 'end')[0]).toBe('2.04');
  });
});

test('a first block that comes again begins the body again', () => {
  const { put, bodies } = givenAnEndpoint();
  put(block(0, true), a16);
  put(block(1, true), a16);
  put(block(0, true), b16);
  put(block(1, false), 'end');
  expect(bodies()).toEqual([`${b16}end`]);
});

describe('4.13, with the size that would be accepted', () => {
  const size1Of = ([answer]: readonly CoapMessage[]) => answer && readUint(answer, coapOption.size1);

  test('a body in one datagram that is too large is refused with 4.13 and Size1', () => {
    const { say, sent, handled } = givenAnEndpoint({ maxBodyBytes: 100 });
    say({ payload: new Uint8Array(100) });
    expect(sent()).toMatchObject([{ code: coapCode.changed }]);
    say({ id: 2, payload: new Uint8Array(101) });
    const answers = sent();
    expect(answers).toMatchObject([{ code: coapCode.requestEntityTooLarge }]);
    expect(size1Of(answers)).toBe(100);
    expect(Buffer.from(answers[0]?.payload ?? []).toString()).toBe('body too large, max. 100 bytes');
    expect(handled).toHaveLength(1);
  });

  test('a body in blocks that becomes too large is refused with 4.13 and Size1', () => {
    const { put, endpoint } = givenAnEndpoint({ maxBodyBytes: 40 });
    put(block(0, true), a16);
    put(block(1, true), a16);
    expect(put(block(2, true), a16)).toEqual(['4.13']);
    expect(endpoint.statistics()).toMatchObject({ uploads: 0 });
  });

  test('a body whose Size1 is too large is refused with its first block', () => {
    const { put, endpoint } = givenAnEndpoint({ maxBodyBytes: 40 });
    expect(put(block(0, true), a16, { options: [uintOption(coapOption.size1, 41)] })).toEqual(['4.13']);
    expect(endpoint.statistics()).toMatchObject({ uploads: 0 });
  });

  test('a block beyond the largest body is refused with 4.13', () => {
    const { put } = givenAnEndpoint();
    expect(put(block(0xf_ff_ff, true, 6), 'x'.repeat(1024))).toEqual(['4.13']);
  });
});

describe('4.00, for invalid blocks', () => {
  test.each<[string, Uint8Array, number]>([
    ['is of the reserved size', Uint8Array.of(0x0f), 16],
    ['has fewer bytes than its size, and more is to come', Uint8Array.of(0x08), 15],
    ['has more bytes than its size', Uint8Array.of(0x00), 17],
    ['has more bytes than its size, and more is to come', Uint8Array.of(0x08), 17],
  ])('a block is refused with 4.00 where it %s', (_what, value, length) => {
    const { say, sentInShort, handled } = givenAnEndpoint();
    say({ options: [{ number: coapOption.block1, value }], payload: new Uint8Array(length) });
    expect(sentInShort()).toEqual(['ACK 4.00 #1']);
    expect(handled).toEqual([]);
  });
});

describe('bodies that are not finished', () => {
  test('unfinished bodies are bounded for each peer: the oldest is forgotten', () => {
    const { put, endpoint } = givenAnEndpoint({ maxUploadsPerPeer: 2 });
    for (const path of ['a', 'b', 'c']) put(block(0, true), a16, { path });
    expect(endpoint.statistics()).toMatchObject({ uploads: 2 });
    expect(put(block(1, false), 'end', { path: 'a' })).toEqual(['4.08']);
    expect(put(block(1, false), 'end', { path: 'c' })[0]).toBe('2.04');
  });

  test('unfinished bodies are bounded over all peers, by bytes', () => {
    const { put, endpoint } = givenAnEndpoint({ maxUploadBytes: 10_000 });
    for (let peer = 0; peer < 100; peer++) put(block(0, true), a16, { peer: `peer ${peer}` });
    expect(endpoint.statistics().uploadBytes).toBeLessThanOrEqual(10_000);
    expect(endpoint.statistics().uploads).toBeGreaterThan(5);
    expect(put(block(1, false), 'end', { peer: 'peer 0' })).toEqual(['4.08']);
    expect(put(block(1, false), 'end', { peer: 'peer 99' })[0]).toBe('2.04');
  });

  test('unfinished bodies are forgotten with their peer', () => {
    const { put, endpoint } = givenAnEndpoint();
    put(block(0, true), a16, { peer: 'a' });
    put(block(0, true), a16, { peer: 'b' });
    endpoint.forget('a');
    expect(endpoint.statistics()).toMatchObject({ uploads: 1 });
    expect(put(block(1, false), 'end', { peer: 'a' })).toEqual(['4.08']);
    expect(put(block(1, false), 'end', { peer: 'b' })[0]).toBe('2.04');
  });
});
