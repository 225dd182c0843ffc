import type { SendOutcome } from '@rollcall/amqp-connection/links';
import { ManualClock, recordingLog, settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import type { StoredChange } from '../store/registry-write.ts';
import { MemoryOutbox } from '../testing/memory-outbox.ts';
import type { Notification } from './notification.ts';
import { Notifier } from './notifier.ts';

const credentials = (device: string): StoredChange => ({ type: 'credentials', tenant: 'acme', device });
const aTenant: StoredChange = {
  ...{ type: 'tenant', change: 'create', tenant: 'acme' },
  ...{ enabled: true, invalidateCacheOnUpdate: false },
};
const accepted: SendOutcome = { status: 'accepted' };

function given({ maxKept = 100, connected = true, kept = [] as readonly string[] } = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const outbox = new MemoryOutbox(clock);
  for (const device of kept) outbox.keep(credentials(device));
  const tries: string[] = [];
  const failures: unknown[] = [];
  /** What is said to the tries, in turn; then `accepted`. */
  const answers: (SendOutcome | Promise<SendOutcome>)[] = [];
  let isConnected = connected;
  const waiting = new Set<() => void>();
  const notifier = new Notifier({
    ...{ clock, log, outbox, maxKept },
    failed: (_where, error) => void failures.push(error),
    link: {
      connected: () => isConnected,
      whenConnected: (signal) =>
        new Promise((resolve, reject) => {
          if (isConnected) return resolve();
          waiting.add(resolve);
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        }),
      async send({ body }: Notification) {
        tries.push(String(body['device-id']));
        return answers.shift() ?? accepted;
      },
    },
  });
  onTestFinished(async () => {
    await notifier.stop();
    expect(clock.armed).toBe(0);
    expect(failures).toEqual([]);
  });
  const change = (one: StoredChange): void => {
    outbox.keep(one);
    notifier.changed(one);
  };
  return {
    ...{ clock, lines: log.lines, tries, answers, notifier, outbox, change },
    changed: (device: string) => change(credentials(device)),
    connect(): void {
      isConnected = true;
      for (const each of waiting) each();
    },
    disconnect: () => void (isConnected = false),
  };
}

test('changes are sent in order and then removed, and a writer does not wait for that', async () => {
  const { notifier, tries, changed, outbox } = given();
  for (const device of ['a', 'b', 'c']) changed(device);
  expect(tries).toEqual([]);
  await notifier.drained();
  expect(tries).toEqual(['a', 'b', 'c']);
  expect(outbox.devices).toEqual([]);
  expect(notifier.counts).toEqual({ sent: 3, dropped: 0, waiting: 0 });
});

test('changes that an earlier process left are sent', async () => {
  const { notifier, tries, changed } = given({ kept: ['a', 'b'] });
  changed('c');
  await notifier.drained();
  expect(tries).toEqual(['a', 'b', 'c']);
});

test('more changes than one batch are sent, each once', async () => {
  const kept = Array.from({ length: 350 }, (_, index) => `d-${index}`);
  const { notifier, tries } = given({ kept, maxKept: 1_000 });
  await settled();
  await notifier.drained();
  expect(tries).toEqual(kept);
});

test('changes wait in order while the network is unavailable, which is reported, and another replica may send them', async () => {
  const { notifier, tries, changed, connect, clock, outbox } = given({ connected: false });
  changed('a');
  changed('b');
  await clock.advanceAsync(2_000);
  expect(tries).toEqual([]);
  expect(notifier.counts.waiting).toBe(2);
  expect(notifier.trouble).toBe('not connected');
  expect(outbox.turnsGiven).toBeGreaterThan(0);
  connect();
  await settled();
  await notifier.drained();
  expect(tries).toEqual(['a', 'b']);
  expect(notifier.trouble).toBeUndefined();
});

test('one of several replicas sends, and another one continues when it ends', async () => {
  const { notifier, tries, changed, clock, outbox } = given();
  outbox.isOurTurn = false;
  changed('a');
  await clock.advanceAsync(60_000);
  expect(tries).toEqual([]);
  outbox.isOurTurn = true;
  await clock.advanceAsync(2_000);
  expect(tries).toEqual(['a']);
  expect(notifier.counts).toEqual({ sent: 1, dropped: 0, waiting: 0 });
});

test('no change is sent twice while the database is unavailable, and sending continues afterwards', async () => {
  const { notifier, tries, answers, changed, clock, outbox } = given();
  let accept = (_outcome: SendOutcome): void => {};
  answers.push(new Promise((resolve) => (accept = resolve)));
  changed('a');
  await settled();
  outbox.isAway = true;
  accept(accepted);
  await clock.advanceAsync(60_000);
  outbox.isAway = false;
  await clock.advanceAsync(4_000);
  expect(outbox.devices, 'what was told').toEqual([]);
  changed('b');
  await clock.advanceAsync(4_000);
  expect(tries).toEqual(['a', 'b']);
  expect(outbox.devices).toEqual([]);
  expect(notifier.counts).toEqual({ sent: 2, dropped: 0, waiting: 0 });
});

test.each<[string, SendOutcome]>([
  ['was lost before the outcome', { status: 'disconnected' }],
  ['gave no outcome', { status: 'timeout' }],
  ['did not answer', { status: 'attach-refused', unanswered: true }],
])(
  'a change is sent again while the network %s, and no later change overtakes it',
  async (_what, outcome) => {
    const { notifier, tries, answers, clock, changed } = given();
    const failures = 100;
    answers.push(...Array.from({ length: failures }, () => outcome));
    changed('a');
    changed('b');
    await clock.advanceAsync(3_600_000);
    expect(tries).toEqual([...Array.from({ length: failures + 1 }, () => 'a'), 'b']);
    expect(notifier.counts).toEqual({ sent: 2, dropped: 0, waiting: 0 });
  },
);

test('the pause between tries grows up to two seconds, and is short again after a success', async () => {
  const { tries, answers, clock, changed } = given();
  answers.push(...Array.from({ length: 8 }, (): SendOutcome => ({ status: 'timeout' })));
  changed('a');
  const after: number[] = [];
  for (const ms of [0, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]) {
    await clock.advanceAsync(ms);
    after.push(tries.length);
  }
  expect(after).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await clock.advanceAsync(2_000);
  answers.push({ status: 'timeout' });
  changed('b');
  await settled();
  await clock.advanceAsync(200);
  expect(tries.slice(8)).toEqual(['a', 'b', 'b']);
});

test('a change that the network rejects is dropped and logged, and the others are sent', async () => {
  const { notifier, tries, answers, lines, changed, outbox } = given();
  answers.push({ status: 'rejected' });
  changed('a');
  changed('b');
  await notifier.drained();
  expect(tries).toEqual(['a', 'b']);
  expect(outbox.devices).toEqual([]);
  expect(notifier.counts).toEqual({ sent: 1, dropped: 1, waiting: 0 });
  expect(lines).toMatchObject([{ level: 'warn', facts: { why: 'rejected', dropped: 1 } }]);
});

test.each<[SendOutcome]>([
  [{ status: 'released' }],
  [{ status: 'no-credit' }],
  [{ status: 'attach-refused', condition: 'amqp:not-found' }],
])('a change is dropped after ten minutes without a subscriber (%j)', async (outcome) => {
  const { notifier, answers, clock, changed } = given();
  answers.push(...Array.from({ length: 1_000 }, () => outcome));
  for (let each = 0; each < 50; each++) changed(`d-${each}`);
  await clock.advanceAsync(300_000);
  expect(notifier.trouble).toBe(outcome.status === 'attach-refused' ? 'refused' : undefined);
  changed('later');
  await clock.advanceAsync(299_000);
  expect(notifier.counts).toEqual({ sent: 0, dropped: 0, waiting: 51 });
  await clock.advanceAsync(13_000);
  expect(notifier.counts).toEqual({ sent: 0, dropped: 50, waiting: 1 });
});

test('a subscriber that comes shortly after an outage of an hour gets all changes', async () => {
  const { notifier, answers, tries, clock, changed, connect } = given({ connected: false });
  changed('a');
  await clock.advanceAsync(3_600_000);
  answers.push({ status: 'no-credit' }, { status: 'released' });
  connect();
  await clock.advanceAsync(10_000);
  expect(tries).toEqual(['a', 'a', 'a']);
  expect(notifier.counts).toEqual({ sent: 1, dropped: 0, waiting: 0 });
});

test('the oldest changes are dropped and logged if too many wait', async () => {
  const { notifier, tries, lines, changed, connect, clock } = given({ connected: false, maxKept: 3 });
  for (let each = 0; each < 10; each++) changed(`d-${each}`);
  await clock.advanceAsync(2_000);
  expect(notifier.counts).toEqual({ sent: 0, dropped: 7, waiting: 3 });
  expect(lines).toMatchObject([{ facts: { why: 'too many wait', dropped: 7 } }]);
  connect();
  await settled();
  await notifier.drained();
  expect(tries).toEqual(['d-7', 'd-8', 'd-9']);
});

test('changes older than any cache of an adapter are dropped and logged', async () => {
  const { notifier, lines, changed, clock } = given({ connected: false });
  changed('a');
  await clock.advanceAsync(80_000_000);
  changed('b');
  await clock.advanceAsync(6_402_000);
  expect(notifier.counts).toEqual({ sent: 0, dropped: 1, waiting: 1 });
  expect(lines).toMatchObject([{ facts: { why: 'too old', dropped: 1 } }]);
});

test('a wake ends the pause before the next try', async () => {
  const { notifier, tries, answers, clock, changed } = given();
  answers.push(...Array.from({ length: 100 }, (): SendOutcome => ({ status: 'no-credit' })));
  changed('a');
  await clock.advanceAsync(60_000);
  const before = tries.length;
  answers.length = 0;
  notifier.reachable('notification/registry-device');
  await notifier.drained();
  expect(tries).toHaveLength(before + 1);
});

test('changes of devices are sent while nobody subscribes to changes of tenants', async () => {
  const { notifier, tries, answers, clock, changed, change } = given();
  answers.push({ status: 'no-credit' });
  change(aTenant);
  await settled();
  changed('a');
  await settled();
  expect(tries).toEqual(['undefined', 'a']);
  await clock.advanceAsync(200);
  expect(notifier.counts).toEqual({ sent: 2, dropped: 0, waiting: 0 });
});

test('a stop ends the tries, and waiting changes stay stored', async () => {
  const { notifier, tries, answers, changed, outbox } = given();
  answers.push({ status: 'timeout' });
  changed('a');
  await settled();
  await notifier.stop();
  changed('b');
  await notifier.drained();
  expect(tries).toEqual(['a']);
  expect(outbox.devices).toEqual(['a', 'b']);
});
