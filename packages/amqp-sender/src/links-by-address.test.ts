import type { AmqpConnection } from '@rollcall/amqp-connection';
import { expect, test } from 'vitest';
import { createLinksByAddress } from './links-by-address.ts';

test('the link unused for longest is closed when there are more than a thousand', async () => {
  const opened: string[] = [];
  const closed: string[] = [];
  const connection = {
    openSender(address: string) {
      opened.push(address);
      return {
        send: async () => ({ status: 'accepted' }) as const,
        close: async () => void closed.push(address),
      };
    },
  } as unknown as AmqpConnection;
  const links = createLinksByAddress(connection, { creditWaitMs: 1, outcomeTimeoutMs: 1 });
  for (let tenant = 0; tenant < 1_000; tenant++) links.get(`event/${tenant}`);
  expect(links.get('event/0')).toBe(links.get('event/0'));
  links.get('event/new');
  expect(closed).toEqual(['event/1']);
  expect(opened).toHaveLength(1_001);
  await links.close();
  expect(new Set(closed).size).toBe(1_001);
});
