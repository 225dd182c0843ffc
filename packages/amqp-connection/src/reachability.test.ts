import { expect, test } from 'vitest';
import { Reachability } from './reachability.ts';
import type { SendOutcome } from './send-outcome.ts';

function givenReachability(): { readonly reachability: Reachability; calls(): number } {
  let calls = 0;
  return { reachability: new Reachability(() => (calls += 1)), calls: () => calls };
}

const outcomes: Record<SendOutcome['status'], SendOutcome> = {
  accepted: { status: 'accepted' },
  rejected: { status: 'rejected' },
  released: { status: 'released' },
  modified: { status: 'modified', undeliverableHere: false },
  unsettled: { status: 'unsettled', outcome: 'accepted' },
  'settled-without-outcome': { status: 'settled-without-outcome' },
  'no-credit': { status: 'no-credit' },
  timeout: { status: 'timeout' },
  disconnected: { status: 'disconnected' },
  'attach-refused': { status: 'attach-refused' },
  aborted: { status: 'aborted' },
};
const unanswered: readonly SendOutcome['status'][] = ['no-credit', 'timeout', 'disconnected'];

test.each(Object.values(outcomes))(
  'an answer after the outcome $status is reported if the peer had no part in it',
  (outcome) => {
    const { reachability, calls } = givenReachability();
    reachability.note(outcome);
    reachability.answered();
    reachability.answered();
    expect(calls()).toBe(unanswered.includes(outcome.status) ? 1 : 0);
  },
);

test('an attach that was not answered is not a refusal: a later answer of the peer is reported', () => {
  const { reachability, calls } = givenReachability();
  reachability.note({ status: 'attach-refused', unanswered: true });
  reachability.dialled();
  expect(calls()).toBe(1);
  reachability.answered();
  expect(calls()).toBe(2);
});

test('each new connection is reported until the peer answers', () => {
  const { reachability, calls } = givenReachability();
  reachability.dialled();
  expect(calls()).toBe(0);
  reachability.note(outcomes.timeout);
  reachability.dialled();
  reachability.dialled();
  expect(calls()).toBe(2);
  reachability.answered();
  reachability.dialled();
  expect(calls()).toBe(3);
});

test('a closed link reports nothing', () => {
  const { reachability, calls } = givenReachability();
  reachability.note(outcomes.timeout);
  reachability.close();
  reachability.note(outcomes.timeout);
  reachability.answered();
  reachability.dialled();
  expect(calls()).toBe(0);
});
