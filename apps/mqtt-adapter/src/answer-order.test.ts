import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { AnswerOrder } from './answer-order.ts';

test('whatever comes to an end first, all are answered in the order in which they came', async () => {
  const order = new AnswerOrder();
  const answered: number[] = [];
  const answer = async (place: number): Promise<void> => {
    await order.turnOf(place);
    answered.push(place);
    order.answered();
  };
  const places = [0, 1, 2, 3].map(() => order.begin());
  expect(places).toEqual([0, 1, 2, 3]);
  void answer(2);
  void answer(1);
  await settled();
  expect(answered).toEqual([]);
  void answer(0);
  await settled();
  expect(answered).toEqual([0, 1, 2]);
  expect(order.turnOf(3), 'nobody waits who need not').toBeUndefined();
});
