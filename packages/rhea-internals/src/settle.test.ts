import type rhea from 'rhea';
import { expect, test } from 'vitest';
import { settle, type Verdict } from './settle.ts';

/** Deliveries of one session; what is written, in its order. */
function givenASession() {
  const written: string[] = [];
  let waiting: string[] = [];
  const incoming = {
    get updated() {
      return waiting;
    },
    process(given: unknown) {
      expect(given).toBe(session);
      written.push(waiting.join(','));
      waiting = [];
    },
  };
  const session = { incoming };
  const received = (): rhea.Delivery =>
    Object.assign(Object.create(null), {
      link: { session },
      accept: () => waiting.push('accepted'),
      release: (...args: unknown[]) => waiting.push(args.length > 0 ? 'modified' : 'released'),
      reject: (error: object) => waiting.push(`rejected ${JSON.stringify(error)}`),
    });
  const settleAll = (...verdicts: readonly Verdict[]): void => {
    for (const verdict of verdicts) settle(received(), verdict);
    incoming.process(session);
  };
  return { settleAll, written };
}

const accepted: Verdict = { kind: 'accepted' };
const released: Verdict = { kind: 'released' };
const rejected = (description?: string): Verdict => ({
  kind: 'rejected',
  condition: 'amqp:not-found',
  ...(description !== undefined && { description }),
});

test('outcomes that are the same are written together', () => {
  const { settleAll, written } = givenASession();
  settleAll(accepted, accepted, accepted);
  expect(written).toEqual(['accepted,accepted,accepted']);
});

test('an outcome that differs is written after those before it', () => {
  const { settleAll, written } = givenASession();
  settleAll(accepted, released, released, accepted);
  expect(written).toEqual(['accepted', 'released,released', 'accepted']);
});

test('rejections for different reasons are different outcomes', () => {
  const { settleAll, written } = givenASession();
  settleAll(rejected('a'), rejected('b'), rejected());
  expect(written).toEqual([
    'rejected {"condition":"amqp:not-found","description":"a"}',
    'rejected {"condition":"amqp:not-found","description":"b"}',
    'rejected {"condition":"amqp:not-found"}',
  ]);
});
