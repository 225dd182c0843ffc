import { expect, test } from 'vitest';
import { isLastingFailure, isLastingRefusal } from './lasting-trouble.ts';

test.each([
  ['amqp:not-found: no queue ops', true],
  ['amqp:not-found', true],
  ['amqp:precondition-failed: inequivalent arg durable', true],
  ['amqp:unauthorized-access: read is not granted', true],
  ['amqp:not-allowed', true],
  ['amqp:illegal-state: Address event/T is not configured for topic support', true],
  ['amqp:resource-locked: exclusive', false],
  ['amqp:resource-limit-exceeded', false],
  ['amqp:not-founder', false],
  ['amqp:connection:forced: stopping', false],
  ['no answer within 1000 ms', false],
  ['closed', false],
])('a refusal with %j lasts: %j', (cause, lasting) => {
  expect(isLastingRefusal(cause)).toBe(lasting);
});

test.each([
  [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), true],
  [Object.assign(new Error('wrong version number'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }), true],
  [new Error('Failed to authenticate: 1'), true],
  [new Error('Failed to authenticate: 2'), false],
  [new Error('Failed to authenticate: 4'), false],
  [{ condition: 'amqp:not-allowed', description: 'no such virtual host' }, true],
  [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), false],
  [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), false],
  [Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), false],
  [Object.assign(new Error('getaddrinfo ENOTFOUND sasl.example'), { code: 'ENOTFOUND' }), false],
  [new Error('no answer within 5000 ms'), false],
  [undefined, false],
])('a failure to connect, %o, lasts: %j', (error, lasting) => {
  expect(isLastingFailure(error)).toBe(lasting);
});
