import type { SendOutcome } from '@rollcall/amqp-connection';
import { ManualClock, recordingLog, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { StoredChange } from '../store/registry-write.ts';
import type { Notification } from './notification.ts';
import { Notifier } from './notifier.ts';

const change = (device: string): StoredChange => ({ type: 'credentials', tenant: 'acme', device });
const accepted: SendOutcome = { status: 'accepted' };

function given({ maxWaiting = 100, connected = true } = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const tries: string[] = [];
  /** What is said to the tries, in turn; then `accepted`. */
  const answers: (SendOutcome | Promise<SendOutcome>)[] = [];
  let connect = (): void => {};
  const connection = connected ? Promise.resolve() : new Promise<void>((resolve) => (connect = resolve));
  const notifier = new Notifier({
    clock,
    log,
    maxWaiting,
    link: {
      whenConnected: (signal) =>
        Promise.race([
          connection,
          new Promise<void>((_, reject) =>
            signal.addEventListener('abort', () => reject(new Error('stopped'))),
          ),
        ]),
      async send({ body }: Notification) {
        tries.push(String(body['device-id']));
        return answers.shift() ?? accepted;
      },
    },
  });
  return { clock, lines: log.lines, tries, answers, notifier, connect: () => connect() };
}

test('changes are told in order, and publishing does not wait for that', async () => {
  const { notifier, tries } = given();
  for (const device of ['a', 'b', 'c']) notifier.publish(change(device));
  expect(tries).toEqual([]);
  await notifier.drained();
  expect(tries).toEqual(['a', 'b', 'c']);
  expect(notifier.counts).toEqual({ sent: 3, dropped: 0, waiting: 0 });
});

test('while there is no network, changes wait, in order', async () => {
  const { notifier, tries, connect } = given({ connected: false });
  notifier.publish(change('a'));
  notifier.publish(change('b'));
  await settled();
  expect(tries).toEqual([]);
  expect(notifier.counts.waiting).toBe(2);
  connect();
  await notifier.drained();
  expect(tries).toEqual(['a', 'b']);
});

test.each<[string, SendOutcome]>([
  ['was lost before the outcome', { status: 'disconnected' }],
  ['gave no outcome', { status: 'timeout' }],
  ['did not answer', { status: 'attach-refused', unanswered: true }],
])(
  'a change is told again where the network %s, however long that lasts, and nothing overtakes it',
  async (_what, outcome) => {
    const { notifier, tries, answers, clock } = given();
    const failures = 100;
    answers.push(...Array.from({ length: failures }, () => outcome));
    notifier.publish(change('a'));
    notifier.publish(change('b'));
    await clock.advanceAsync(3_600_000);
    expect(tries).toEqual([...Array.from({ length: failures + 1 }, () => 'a'), 'b']);
    expect(notifier.counts).toEqual({ sent: 2, dropped: 0, waiting: 0 });
  },
);

test('tries come ever more slowly, up to two seconds, and fast again once one succeeded', async () => {
  const { notifier, tries, answers, clock } = given();
  answers.push(...Array.from({ length: 8 }, (): SendOutcome => ({ status: 'timeout' })));
  notifier.publish(change('a'));
  const after: number[] = [];
  for (const ms of [0, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]) {
    await clock.advanceAsync(ms);
    after.push(tries.length);
  }
  expect(after).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await clock.advanceAsync(2_000);
  answers.push({ status: 'timeout' });
  notifier.publish(change('b'));
  await settled();
  await clock.advanceAsync(200);
  expect(tries.slice(8)).toEqual(['a', 'b', 'b']);
});

test('what the network rejects is dropped and told, and the others go on', async () => {
  const { notifier, tries, answers, lines } = given();
  answers.push({ status: 'rejected' });
  notifier.publish(change('a'));
  notifier.publish(change('b'));
  await notifier.drained();
  expect(tries).toEqual(['a', 'b']);
  expect(notifier.counts).toEqual({ sent: 1, dropped: 1, waiting: 0 });
  expect(lines).toMatchObject([{ level: 'warn', facts: { why: 'rejected', dropped: 1 } }]);
});

test.each<[SendOutcome]>([
  [{ status: 'released' }],
  [{ status: 'no-credit' }],
  [{ status: 'attach-refused', condition: 'amqp:not-found' }],
])('where nobody subscribes (%j), a change is of no use after ten minutes', async (outcome) => {
  const { notifier, answers, clock } = given();
  answers.push(...Array.from({ length: 1_000 }, () => outcome));
  for (let each = 0; each < 50; each++) notifier.publish(change(`d-${each}`));
  await clock.advanceAsync(300_000);
  notifier.publish(change('later'));
  await clock.advanceAsync(299_000);
  expect(notifier.counts).toEqual({ sent: 0, dropped: 0, waiting: 51 });
  await clock.advanceAsync(11_000);
  expect(notifier.counts).toEqual({ sent: 0, dropped: 50, waiting: 1 });
});

test('where too many wait the oldest are dropped, which is told once a minute', async () => {
  const { notifier, tries, lines, connect } = given({ connected: false, maxWaiting: 3 });
  for (let each = 0; each < 10; each++) notifier.publish(change(`d-${each}`));
  expect(notifier.counts).toEqual({ sent: 0, dropped: 7, waiting: 3 });
  expect(lines).toHaveLength(1);
  connect();
  await notifier.drained();
  expect(tries).toEqual(['d-7', 'd-8', 'd-9']);
});

test('one that is under way when it is dropped takes no other with it', async () => {
  const { notifier, tries, answers } = given({ maxWaiting: 1 });
  let accept = (_outcome: SendOutcome): void => {};
  answers.push(new Promise((resolve) => (accept = resolve)));
  notifier.publish(change('a'));
  await settled();
  notifier.publish(change('b'));
  accept({ status: 'timeout' });
  await notifier.drained();
  expect(tries).toEqual(['a', 'b']);
});

test('when it may be tried again it is, at once, and not after the pause', async () => {
  const { notifier, tries, answers, clock } = given();
  answers.push(...Array.from({ length: 100 }, (): SendOutcome => ({ status: 'no-credit' })));
  notifier.publish(change('a'));
  await clock.advanceAsync(60_000);
  const before = tries.length;
  answers.length = 0;
  notifier.reachable('notification/registry-device');
  await notifier.drained();
  expect(tries).toHaveLength(before + 1);
});

test('where no one listens to changes of tenants, those of devices are told', async () => {
  const { notifier, tries, answers, clock } = given();
  answers.push({ status: 'no-credit' });
  notifier.publish({
    type: 'tenant',
    change: 'create',
    tenant: 'acme',
    enabled: true,
    invalidateCacheOnUpdate: false,
  });
  notifier.publish(change('a'));
  await settled();
  expect(tries).toEqual(['undefined', 'a']);
  expect(notifier.counts).toEqual({ sent: 1, dropped: 0, waiting: 1 });
  await clock.advanceAsync(200);
  expect(notifier.counts).toEqual({ sent: 2, dropped: 0, waiting: 0 });
});

test('a stop ends what waits, and nothing is taken after it', async () => {
  const { notifier, tries, answers, clock } = given();
  answers.push({ status: 'timeout' });
  notifier.publish(change('a'));
  await settled();
  notifier.stop();
  notifier.publish(change('b'));
  await notifier.drained();
  expect(tries).toEqual(['a']);
  expect(clock.armed).toBe(0);
});
