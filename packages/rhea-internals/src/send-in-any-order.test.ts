import rhea from 'rhea';
import { expect, test } from 'vitest';
import { internalsOf } from './internals-of.ts';
import { sendInAnyOrder } from './send-in-any-order.ts';

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
