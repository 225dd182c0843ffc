import { ManualClock } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { blockOption, readBlock, type Block } from '../wire/block-option.ts';
import { coapCode, formatCode } from '../wire/coap-code.ts';
import type { CoapEndpointOptions } from './endpoint-options.ts';
import { coapOption } from '../wire/coap-option.ts';
import { findOption, readUint, textOption, uintOption } from '../wire/option-values.ts';
import { createEndpointBed, type SentMessage } from '../testing/endpoint-bed.ts';

const body = Buffer.from(Array.from({ length: 200 }, (_, index) => index));

function givenALargeAnswer(options: Partial<CoapEndpointOptions<string>> = {}) {
  const clock = new ManualClock();
  const bed = createEndpointBed(clock, {
    isVerified: () => true,
    limits: { blockBytes: 64 },
    handle: () => ({
      code: coapCode.content,
      options: [uintOption(coapOption.contentFormat, 42), uintOption(coapOption.maxAge, 5)],
      payload: body,
    }),
    ...options,
  });
  let id = 0;
  const ask = (block?: Block, code: number = coapCode.post, path = 't'): SentMessage => {
    id++;
    const value = block && blockOption(coapOption.block2, block);
    bed.say({
      id,
      code,
      token: Uint8Array.of(id),
      options: [textOption(coapOption.uriPath, path), ...(value ? [value] : [])],
    });
    const [answer] = bed.sent();
    if (!answer) throw new Error('there is no answer');
    return answer;
  };
  return { ...bed, clock, ask };
}

const blockOf = (answer: SentMessage) => readBlock(answer, coapOption.block2);
const block = (num: number, szx: number): Block => ({ num, more: false, szx });

test('a large answer is sent in blocks, and its handler runs once', () => {
  const { ask, handled } = givenALargeAnswer();
  const first = ask();
  expect(blockOf(first)).toEqual({ num: 0, more: true, szx: 2 });
  expect(readUint(first, coapOption.size2)).toBe(200);
  const parts = [first];
  for (let num = 1; num < 4; num++) parts.push(ask(block(num, 2)));
  expect(parts.map(blockOf)).toEqual([0, 1, 2, 3].map((num) => ({ num, more: num < 3, szx: 2 })));
  expect(Buffer.concat(parts.map(({ payload }) => payload))).toEqual(body);
  for (const part of parts) {
    expect(part.code).toBe(coapCode.content);
    expect(readUint(part, coapOption.contentFormat)).toBe(42);
    expect(readUint(part, coapOption.maxAge)).toBe(5);
    expect(findOption(part, coapOption.eTag)).toEqual(findOption(first, coapOption.eTag));
  }
  expect(findOption(first, coapOption.eTag)).toHaveLength(8);
  expect(handled).toHaveLength(1);
});

test('the ETag that a handler sets is not replaced', () => {
  const tag = { number: coapOption.eTag, value: Uint8Array.of(9) };
  const { ask } = givenALargeAnswer({
    handle: () => ({ code: coapCode.content, options: [tag], payload: body }),
  });
  expect(findOption(ask(), coapOption.eTag)).toEqual(tag.value);
  expect(findOption(ask(block(1, 2)), coapOption.eTag)).toEqual(tag.value);
});

describe('the block size is that of the client', () => {
  test('the client’s block size is used where it is smaller than ours', () => {
    const { ask } = givenALargeAnswer();
    const first = ask(block(0, 0));
    expect(blockOf(first)).toEqual({ num: 0, more: true, szx: 0 });
    expect(first.payload).toHaveLength(16);
  });

  test('our block size is used where it is smaller than the client’s', () => {
    const { ask } = givenALargeAnswer();
    expect(blockOf(ask(block(0, 6)))).toEqual({ num: 0, more: true, szx: 2 });
    const later = ask(block(1, 3));
    expect(blockOf(later)).toEqual({ num: 2, more: true, szx: 2 });
    expect([...later.payload]).toEqual([...body.subarray(128, 192)]);
  });

  test('the client may ask for smaller blocks in the middle of a body', () => {
    const { ask } = givenALargeAnswer();
    ask();
    const second = ask(block(2, 1));
    expect(blockOf(second)).toEqual({ num: 2, more: true, szx: 1 });
    expect([...second.payload]).toEqual([...body.subarray(64, 96)]);
  });
});

test('a peer that is not verified gets small blocks of one size, however large its first request is', () => {
  const { say, sent, ask } = givenALargeAnswer({ isVerified: () => false });
  say({
    id: 1_000,
    options: [textOption(coapOption.uriPath, 't')],
    payload: Buffer.alloc(200),
  });
  const [first] = sent();
  expect(first && blockOf(first)).toEqual({ num: 0, more: true, szx: 0 });
  const parts = first ? [first] : [];
  for (let num = 1; num < 13; num++) parts.push(ask(block(num, 0)));
  expect(parts.map((part) => blockOf(part)?.num)).toEqual(Array.from({ length: 13 }, (_, num) => num));
  expect(Buffer.concat(parts.map(({ payload }) => payload))).toEqual(body);
});

test('a peer that is not verified gets an answer in one datagram if its request was large enough', () => {
  const { say, sent } = givenALargeAnswer({ isVerified: () => false, limits: { blockBytes: 256 } });
  say({ payload: Buffer.alloc(100) });
  expect(sent()[0]?.payload).toHaveLength(200);
});

test('a client that asks for a block gets one, even of an answer that fits in one datagram', () => {
  const { ask, endpoint } = givenALargeAnswer({
    handle: () => ({ code: coapCode.content, payload: Buffer.from('x') }),
  });
  expect(blockOf(ask(block(0, 2)))).toEqual({ num: 0, more: false, szx: 2 });
  expect(blockOf(ask())).toBeUndefined();
  expect(endpoint.statistics()).toMatchObject({ downloads: 0 });
});

describe('a block that is not available', () => {
  const codeOf = (answer: SentMessage) => formatCode(answer.code);

  test('a block beyond the end of the body is refused with 4.00', () => {
    const { ask } = givenALargeAnswer();
    ask();
    expect(codeOf(ask(block(4, 2)))).toBe('4.00');
  });

  test('a later block is refused with 4.08 where the first one was not asked for, and no handler runs', () => {
    const { ask, handled } = givenALargeAnswer();
    expect(codeOf(ask(block(1, 2)))).toBe('4.08');
    expect(handled).toEqual([]);
  });

  test('a later block of a GET is read again by the handler where the first one is not kept', () => {
    const { ask } = givenALargeAnswer();
    const second = ask(block(1, 2), coapCode.get);
    expect(blockOf(second)).toEqual({ num: 1, more: true, szx: 2 });
    expect([...second.payload]).toEqual([...body.subarray(64, 128)]);
  });

  test('a block of the reserved size is refused with 4.00', () => {
    const { say, sentInShort } = givenALargeAnswer();
    say({ options: [{ number: coapOption.block2, value: Uint8Array.of(0x07) }] });
    expect(sentInShort()).toEqual(['ACK 4.00 #1']);
  });

  test('a block is not found after its lifetime, nor under another path or peer', () => {
    const { ask, clock, endpoint } = givenALargeAnswer();
    ask();
    expect(codeOf(ask(block(1, 2), coapCode.post, 'other'))).toBe('4.08');
    expect(codeOf(ask(block(1, 2), coapCode.put))).toBe('4.08');
    clock.advance(247_000);
    expect(codeOf(ask(block(1, 2)))).toBe('4.08');
    expect(endpoint.statistics()).toMatchObject({ downloads: 0, downloadBytes: 0 });
  });
});

test('bodies that leave in blocks are bounded in bytes, and for each peer', () => {
  const { ask, say, endpoint } = givenALargeAnswer({
    limits: { blockBytes: 64, maxDownloadBytes: 10_000, maxDownloadsPerPeer: 2 },
  });
  for (const path of ['a', 'b', 'c']) ask(undefined, coapCode.post, path);
  expect(endpoint.statistics()).toMatchObject({ downloads: 2 });
  for (let peer = 0; peer < 50; peer++) say({}, `peer ${peer}`);
  expect(endpoint.statistics().downloadBytes).toBeLessThanOrEqual(10_000);
  endpoint.forget('peer 49');
  expect(endpoint.statistics().downloads).toBeLessThan(14);
});

test('a request in blocks may be answered in blocks', () => {
  const { say, sent, handled } = givenALargeAnswer();
  const put = (id: number, num: number, more: boolean): SentMessage | undefined => {
    say({
      id,
      options: [blockOption(coapOption.block1, { num, more, szx: 0 })],
      payload: Buffer.alloc(more ? 16 : 3),
    });
    return sent()[0];
  };
  put(1, 0, true);
  const answer = put(2, 1, false);
  expect(answer && readBlock(answer, coapOption.block1)).toEqual({ num: 1, more: false, szx: 0 });
  expect(answer && blockOf(answer)).toEqual({ num: 0, more: true, szx: 2 });
  say({ id: 3, options: [blockOption(coapOption.block2, block(3, 2))] });
  expect(sent()[0]?.payload).toHaveLength(8);
  expect(handled).toHaveLength(1);
});
