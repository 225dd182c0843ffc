import { coapOption, readUint } from '@rollcall/coap/options';
import { formatCode } from '@rollcall/coap/codec';
import { expect, test } from 'vitest';
import { answerProblem, answerRefusal } from './device-answers.ts';

test.each([
  [400, '4.00'],
  [404, '4.04'],
  [405, '4.05'],
  [413, '4.13'],
  [429, '4.29'],
  [500, '5.00'],
  [501, '5.01'],
  [503, '5.03'],
  [418, '5.00'],
])('status %i is answered with the code %s and a text', (status, code) => {
  const answer = answerProblem({ status, text: 'why' });
  expect(formatCode(answer.code)).toBe(code);
  expect(Buffer.from(answer.payload ?? []).toString()).toBe('why');
});

test('an answer after which trying again may help says when', () => {
  const maxAge = (status: number) =>
    readUint({ options: answerProblem({ status, text: '' }).options ?? [] }, coapOption.maxAge);
  expect([maxAge(503), maxAge(429), maxAge(400)]).toEqual([2, 2, undefined]);
});

test('a refusal has the code of its reason', () => {
  const code = (reason: Parameters<typeof answerRefusal>[0]['reason']) =>
    formatCode(answerRefusal({ reason, text: '' }).code);
  expect([code('bad-credentials'), code('tenant-disabled'), code('device-not-registered')]).toEqual([
    '4.01',
    '4.03',
    '4.04',
  ]);
});
