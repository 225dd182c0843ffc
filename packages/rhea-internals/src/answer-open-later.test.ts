import rhea from 'rhea';
import { expect, test } from 'vitest';
import { answerOpenLater } from './answer-open-later.ts';
import { internalsOf } from './internals-of.ts';

test("the peer's Open is answered when the answer is called for, and not before", () => {
  const connection = rhea.create_container().create_connection();
  const opened: unknown[] = [];
  const answer = answerOpenLater(connection, (open) => opened.push(open.container_id));
  const peers = { performative: { container_id: 'device' } };
  (connection as unknown as { on_open(frame: object): void }).on_open(peers);
  expect(opened).toEqual(['device']);
  expect(connection.is_open()).toBe(false);
  answer();
  expect(connection.is_open()).toBe(true);
  expect(Object.hasOwn(internalsOf(connection), 'open')).toBe(false);
});
