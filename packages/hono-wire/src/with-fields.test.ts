import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { goldenEvents } from '../fixtures/golden-events.ts';
import { encodeEvent } from './encode-event.ts';
import { withFields } from './with-fields.ts';

/** Read back by a decoder that is not ours. */
function decoded(bytes: Uint8Array): Record<string, unknown> {
  return { ...rhea.message.decode(Buffer.from(bytes)) };
}

const long = 'ä'.repeat(300);

describe.each(Object.entries(goldenEvents))('%s', (_name, { event, tenant, options }) => {
  const bytes = encodeEvent(event, tenant, options);
  const before = decoded(bytes);

  test('gets another address and a subject, and keeps everything else', () => {
    for (const text of ['queue://event.acme', long])
      expect(decoded(withFields(bytes, { to: text, subject: text }))).toEqual({
        ...before,
        to: text,
        subject: text,
      });
    expect(decoded(withFields(bytes, { subject: 'd1' }))).toEqual({ ...before, subject: 'd1' });
  });

  test('gets annotations beside those it has', () => {
    const annotations = new Map([
      ['x-opt-partition-key', 'd1'],
      ['x-opt-long', long],
    ]);
    expect(decoded(withFields(bytes, { annotations }))).toEqual({
      ...before,
      message_annotations: {
        ...(before['message_annotations'] as object),
        'x-opt-partition-key': 'd1',
        'x-opt-long': long,
      },
    });
  });

  test('is itself where nothing is asked for, and the same every time', () => {
    expect(withFields(bytes, {})).toEqual(bytes);
    const fields = { to: 'elsewhere', annotations: new Map([['x-opt-partition-key', 'd1']]) };
    expect(withFields(bytes, fields)).toEqual(withFields(bytes, fields));
  });
});
