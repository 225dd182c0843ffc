import { anEvent, ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core';
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
