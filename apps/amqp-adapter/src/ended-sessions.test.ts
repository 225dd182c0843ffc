import { once } from 'node:events';
import type { UploadOutcome } from '@rollcall/core/device-data';
import type rhea from 'rhea';
import { expect, test } from 'vitest';
import { maxUnanswered } from './device-links.ts';
import { givenADevice } from './testing/amqp-bed.ts';

interface ClientSession {
  begin(): void;
  close(): void;
  on(event: string, listener: () => void): void;
  open_sender(options: object): rhea.Sender;
  open_receiver(options: object): rhea.Receiver;
}

/** Begins a session with a link to send on, and resolves once credit for it would have come. */
async function beginToSend(connection: rhea.Connection) {
  const session = connection.create_session() as unknown as ClientSession;
  session.begin();
  const link = session.open_sender({ target: {} });
  // It is refused: the answer comes behind all that the link gets at once.
  await once(session.open_receiver({ source: 'command' }), 'receiver_error');
  return { session, link };
}

test('sessions that end with messages under way do not let more and more of them wait', async () => {
  const { device, sender, send } = await givenADevice();
  const held = Promise.withResolvers<UploadOutcome>();
  sender.outcome = () => held.promise;
  let sent = 0;
  for (let cycle = 0; cycle < 70; cycle++) {
    const { session, link } = await beginToSend(device.connection);
    const { credit } = link as unknown as { credit: number };
    for (let each = 0; each < credit; each++) link.send({ to: 'telemetry', body: 'x' });
    sent += credit;
    const ended = once(session as never, 'session_close');
    session.close();
    await ended;
  }
  expect(sent).toBe(maxUnanswered);

  const { link } = await beginToSend(device.connection);
  expect(link.sendable()).toBe(false);
  held.resolve({ status: 'accepted' });
  await once(link, 'sendable');
  await expect.poll(() => sender.messages.length).toBe(maxUnanswered);
  // Also on a link of before.
  expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
  const later = await beginToSend(device.connection);
  expect(later.link.sendable()).toBe(true);
});
