import rhea from 'rhea';
import { expect, test } from 'vitest';
import { internalsOf } from './internals-of.ts';
import { receiveInAnyOrder } from './receive-in-any-order.ts';

test('when a link is detached, what it has not settled gives its room back, also what has not arrived as a whole', () => {
  const connection = rhea.create_container().create_connection();
  const session = connection.create_session();
  const links = ['gone', 'other'].map((name) => session.attach_receiver({ name }));
  for (const link of links) receiveInAnyOrder(link, () => {});
  const { incoming } = internalsOf(session);
  const all = incoming.deliveries.available();
  let id = 0;
  for (const link of links)
    for (const more of [false, true])
      incoming.deliveries.push({
        id: id++,
        link: internalsOf(link),
        settled: false,
        incomplete: more,
      } as never);
  expect(incoming.deliveries.available()).toBe(all - 4);
  let isTold = false;
  internalsOf(connection)._register = () => (isTold = true);
  links[0]?.emit('receiver_close');
  expect(incoming.deliveries.available()).toBe(all - 2);
  expect(incoming.deliveries.get_head()?.id).toBe(2);
  // The peer hears of the new room.
  expect(isTold).toBe(true);
});
