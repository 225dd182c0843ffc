import type { RefusalReason } from '@rollcall/access';
import type { UploadFailure } from '@rollcall/core/device-data';
import { describe, expect, test } from 'vitest';
import { closeAfter, refusalCause, verdictOf } from './device-answers.ts';

describe('a device that is refused once SASL is done', () => {
  test.each<[RefusalReason, string]>([
    ['tenant-disabled', 'amqp:unauthorized-access'],
    ['adapter-disabled', 'amqp:unauthorized-access'],
    ['device-not-registered', 'amqp:unauthorized-access'],
    ['tenant-connections-exceeded', 'amqp:unauthorized-access'],
    ['adapter-connections-exceeded', 'amqp:unauthorized-access'],
    ['device-connections-exceeded', 'amqp:resource-limit-exceeded'],
    ['unavailable', 'amqp:precondition-failed'],
    ['busy', 'amqp:precondition-failed'],
  ])('for %s hears %s, and why', (reason, code) =>
    expect(refusalCause({ reason, text: 'why' })).toEqual({ code, text: 'why' }),
  );
});

describe('a message whose upload failed', () => {
  test.each<[UploadFailure['status'], string | undefined]>([
    [400, 'hono:bad-request'],
    [403, 'amqp:unauthorized-access'],
    [404, 'amqp:not-found'],
    [429, 'amqp:resource-limit-exceeded'],
    [500, undefined],
    [503, undefined],
  ])('with %i is rejected with %s, or released', (status, condition) =>
    expect(verdictOf({ status: 'failed', failure: { status, text: 'why' }, terminal: false })).toEqual(
      condition === undefined ? { kind: 'released' } : { kind: 'rejected', condition, description: 'why' },
    ),
  );
});

describe('a device whose connection ended', () => {
  test.each([
    [
      'keepalive-timeout',
      undefined,
      { code: 'amqp:resource-limit-exceeded', text: 'local-idle-timeout expired' },
    ],
    ['client-closed', undefined, 'plain'],
    ['connection-lost', undefined, 'none'],
    ['protocol-error', { text: 'why' }, { code: 'amqp:internal-error', text: 'why' }],
    ['access-revoked', { code: 'a', text: 'b' }, { code: 'a', text: 'b' }],
  ] as const)('by %s hears so', (reason, raw, told) =>
    expect(closeAfter({ reason, ...(raw && { raw }) } as never)).toEqual(told),
  );
});
