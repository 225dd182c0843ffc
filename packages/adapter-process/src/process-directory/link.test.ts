import { anEvent, ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import type { DirectoryContext } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import type { Channel, ToParent, ToProcess } from './calls.ts';
import { Link } from './link.ts';
import { joinProcesses } from './process-directory.ts';

/** A channel to a parent that answers every question at once, and its messages as they were sent. */
function givenAParent() {
  const sent: ToParent[] = [];
  let answer: (message: ToProcess) => void = () => {};
  const channel: Channel<ToParent, ToProcess> = {
    send(questions) {
      sent.push(JSON.parse(JSON.stringify(questions)) as ToParent);
      const answered = { standing: 'held', instances: 1, elsewhere: [] };
      queueMicrotask(() => answer(questions.map(({ number }) => ({ number, answered }))));
    },
    receive: (listener) => void (answer = listener),
  };
  return { sent, channel };
}

test('what is asked in one turn of the event loop goes in one message, in order', async () => {
  const { sent, channel } = givenAParent();
  const link = new Link(channel, () => {});
  const answers = [link.ask('succeed', 'a'), link.ask('succeed', 'b')];
  await Promise.resolve();
  answers.push(link.ask('succeed', 'c'));
  expect(sent).toEqual([]);
  await Promise.all(answers);
  expect(sent.map((message) => message.map(({ asked }) => asked))).toEqual([['a', 'b', 'c']]);
});

test('what is asked until the questions before are answered goes in the next message', async () => {
  const sent: ToParent[] = [];
  let answer: (message: ToProcess) => void = () => {};
  const link = new Link(
    { send: (questions) => void sent.push(questions), receive: (listener) => void (answer = listener) },
    () => {},
  );
  const answerLast = (): void =>
    answer((sent.at(-1) ?? []).map(({ number }) => ({ number, answered: { whose: 'ours' } })));
  const first = link.ask('succeed', 'a');
  await settled();
  const later = ['b', 'c'].map((each) => link.ask('succeed', each));
  await settled();
  expect(sent).toHaveLength(1);
  answerLast();
  await first;
  await settled();
  answerLast();
  await Promise.all(later);
  expect(sent.map((message) => message.map(({ asked }) => asked))).toEqual([['a'], ['b', 'c']]);
});

test('however much waits for a parent that stood still, a message has a thousand questions at most', async () => {
  const { sent, channel } = givenAParent();
  const link = new Link(channel, () => {});
  await Promise.all(Array.from({ length: 2_500 }, (_, index) => link.ask('succeed', String(index))));
  expect(sent.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
});

test('of a connection its parent is told the event and the slot, whatever else an adapter knows of it', async () => {
  const { sent, channel } = givenAParent();
  const event = anEvent('event-1');
  const context: DirectoryContext = {
    self: event.adapter,
    listener: {
      displaced() {},
      buried: () => 'another',
      aliveAgain() {},
      epochSeen() {},
      announceAsked() {},
      leases: { heardElsewhere() {}, movedAway() {}, endedElsewhere() {} },
    },
    facts: { epoch: () => event.epoch, unconfirmedSince: () => undefined },
    deadAfterMs: 10_000,
    clock: new ManualClock(),
    random: seededRandom(1),
    log: silentLog,
  };
  const directory = await joinProcesses(channel, context);
  const connected = { event, slot: 'sensor', description: { identity: { tenant: { id: 'acme' } } } };
  expect(await directory.enter(connected)).toBe('held');
  const entered = sent.flat().find(({ call }) => call === 'enter');
  expect(entered).toEqual({
    number: expect.any(Number),
    call: 'enter',
    asked: { entry: { event, slot: 'sensor' }, at: expect.any(Number) },
  });
  await directory.close();
  await settled();
});
