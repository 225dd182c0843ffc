import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { internalsOf } from './internals-of.ts';
import { forgetSent, sendInAnyOrder } from './send-in-any-order.ts';

function given(capacity: number) {
  const session = rhea.create_container().create_connection().create_session(capacity);
  const { outgoing } = internalsOf(session);
  sendInAnyOrder(session);
  const sender = session.attach_sender({ target: { address: 'q' } });
  const send = (): rhea.Delivery => sender.send(Buffer.from('x'), undefined, 0);
  return { outgoing, send };
}

test('a delivery that is kept takes up its own room only', () => {
  const { outgoing, send } = given(4);
  const [kept, ...others] = [send(), send(), send()];
  for (const each of others) Object.assign(each, { settled: true, remote_settled: true });
  expect(outgoing.available()).toBe(1);
  outgoing.process();
  expect(outgoing.available()).toBe(3);
  expect(outgoing.deliveries.get_head()?.id).toBe(kept?.id);
  expect(outgoing.deliveries.size).toBe(1);
  expect(outgoing.deliveries.by_id(1)).toBeUndefined();
});

test('a session takes no more than it has room for', () => {
  const { send } = given(2);
  send();
  send();
  expect(send).toThrow('more deliveries than the session has room for');
});

describe('what a link that was detached has not settled', () => {
  function givenTwoLinks() {
    const session = rhea.create_container().create_connection().create_session();
    const { outgoing } = internalsOf(session);
    sendInAnyOrder(session);
    const [gone, other] = ['gone', 'other'].map((name) => session.attach_sender({ name })) as [
      rhea.Sender,
      rhea.Sender,
    ];
    for (const link of [gone, other, gone, other]) link.send(Buffer.from('x'), undefined, 0);
    return { outgoing, gone, other };
  }

  test('gives its room back', () => {
    const { outgoing, gone, other } = givenTwoLinks();
    outgoing.next_pending_delivery = 4;
    forgetSent(gone);
    expect(outgoing.deliveries.size).toBe(2);
    expect([1, 3].map((id) => outgoing.deliveries.by_id(id)?.link)).toEqual([other, other]);
    expect(outgoing.next_delivery_id).toBe(4);
  });

  test('is not written any more, and what waits behind it moves up', () => {
    const { outgoing, gone, other } = givenTwoLinks();
    outgoing.next_pending_delivery = 1;
    forgetSent(gone);
    expect([1, 2].map((id) => outgoing.deliveries.by_id(id)?.link)).toEqual([other, other]);
    expect([outgoing.next_pending_delivery, outgoing.next_delivery_id, outgoing.deliveries.size]).toEqual([
      1, 3, 2,
    ]);
  });

  test('has used up its id, where a part of it was written', () => {
    const { outgoing, gone, other } = givenTwoLinks();
    Object.assign(outgoing.deliveries.by_id(0) ?? {}, { next_to_send: 1 });
    forgetSent(gone);
    expect([1, 2].map((id) => outgoing.deliveries.by_id(id)?.link)).toEqual([other, other]);
    expect([outgoing.next_pending_delivery, outgoing.next_delivery_id]).toEqual([1, 3]);
  });

  test('is not looked for in a session that settles in order', () => {
    const session = rhea.create_container().create_connection().create_session();
    const sender = session.attach_sender({});
    sender.send(Buffer.from('x'), undefined, 0);
    forgetSent(sender);
    expect(internalsOf(session).outgoing.deliveries.size).toBe(1);
  });
});
