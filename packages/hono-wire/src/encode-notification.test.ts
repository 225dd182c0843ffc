import rhea from 'rhea';
import { expect, test } from 'vitest';
import { encodeNotification } from './encode-notification.ts';

test('a notification is JSON, and says to whom it goes', () => {
  const message = rhea.message.decode(Buffer.from(encodeNotification('notification/x', { type: 'ü' })));
  expect(message).toMatchObject({ to: 'notification/x', content_type: 'application/json' });
  expect(JSON.parse(String((message['body'] as { content: Buffer }).content))).toEqual({ type: 'ü' });
});
