import { ManualClock, recordingLog, seededRandom, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { KeptLookups } from '../kept/kept-lookups.ts';
import type { ServiceSettings } from '../module/service-settings.ts';
import { ScriptedConnection } from '../testing/scripted-connection.ts';
import type { SendOutcome } from '@rollcall/amqp-connection/links';
import { ServiceClient } from './service-client.ts';

// In whatever order connections, credit, losses, refusals, answers and time come, each question has one result within its time, and
// nothing is left of it.

const lives = Math.ceil(Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 500) / 20);
const stepsOfALife = 120;
const linkTimeoutMs = 1_000;
const requestTimeoutMs = 200;
/** The longest that a question may take: to be sent, and then to be answered; after 503, another one is asked before it has a result. */
const withinMs = 2 * (linkTimeoutMs + requestTimeoutMs);

const outcomes: readonly SendOutcome[] = [
  { status: 'accepted' },
  { status: 'accepted' },
  { status: 'accepted' },
  { status: 'released' },
  { status: 'rejected' },
  { status: 'modified', undeliverableHere: false },
  { status: 'no-credit' },
  { status: 'timeout' },
  { status: 'disconnected' },
  { status: 'attach-refused' },
  { status: 'attach-refused', unanswered: true },
];

interface Waiter {
  readonly key: string;
  readonly since: number;
  results: number;
}

class Life {
  readonly random;
  readonly clock = new ManualClock();
  readonly client: ServiceClient;
  readonly lookups: KeptLookups<number>;
  readonly waiters: Waiter[] = [];
  connection!: ScriptedConnection;

  constructor(seed: number, maxOutstanding?: number, told: (reachable: boolean) => void = () => {}) {
    this.random = seededRandom(seed);
    const settings: ServiceSettings = {
      connection: {
        ...{ host: 'h', port: 1, containerName: 'c', peerName: 'registry' },
        ...{ clock: this.clock, random: this.random, log: recordingLog() },
      },
      ...{ linkTimeoutMs, requestTimeoutMs },
      maxOutstanding: maxOutstanding ?? this.pick([1, 2, 5, 50]),
      ...{ maxKept: 3, keepSeconds: 1 },
    };
    this.client = new ServiceClient('tenant', settings, this.clock, told, {
      connect: (options) => (this.connection = new ScriptedConnection(options)),
      maxPairs: 2,
    });
    this.lookups = new KeptLookups(this.client, this.clock, settings);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.random.pick(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  step(): void {
    const { connection, lookups } = this;
    switch (this.random.pick(12)) {
      case 0:
        return connection.dial();
      case 1:
        if (this.random.next() < 0.7) return undefined;
        return connection.lose(connection.submitted.filter(() => this.random.next() < 0.3));
      case 2:
      case 3:
        return this.ask();
      case 4:
        for (const link of connection.replyLinks) if (this.random.next() < 0.8) connection.attach(link);
        return undefined;
      case 5:
        for (const link of connection.replyLinks) if (this.random.next() < 0.1) connection.refuse(link);
        return undefined;
      case 6:
      case 7:
        for (const message of connection.submitted)
          if (this.random.next() < 0.5) message.done(this.pick(outcomes));
        return undefined;
      case 8:
      case 9:
        // Some twice, some late.
        for (const message of connection.heard.slice(-20))
          if (this.random.next() < 0.4) connection.answer(message, this.pick([200, 200, 404, 503, 999]));
        return undefined;
      case 10:
        return this.random.next() < 0.2 ? lookups.doubtAll() : lookups.drop(this.key());
      default:
        return this.clock.advance(this.pick([1, 20, 90, 200, 900]));
    }
  }

  ask(): void {
    const key = this.key();
    const waiter: Waiter = { key, since: this.clock.monotonic(), results: 0 };
    this.waiters.push(waiter);
    const question = () => ({ address: `tenant/${key}`, subject: 'get', properties: {} });
    void this.lookups
      .lookUp(key, this.pick(['a', 'b']), question, ({ status }) =>
        status === 200
          ? { status: 'found', value: status, about: [key] }
          : status === 404
            ? { status: 'not-found' }
            : { status: 'failed', failed: { kind: 'failed', why: 'refused', onlyThis: true } },
      )
      .then(() => {
        waiter.results += 1;
      });
  }

  /** Those that wait for longer than any question may take. */
  overdue(): readonly Waiter[] {
    const now = this.clock.monotonic();
    return this.waiters.filter(({ since, results }) => results === 0 && now - since > withinMs);
  }

  key(): string {
    return this.pick(['k0', 'k1', 'k2', 'k3', 'k4']);
  }
}

test('a service that counts as away is asked again even when it does not take the question that asks whether it answers', async () => {
  const told: boolean[] = [];
  const life = new Life(1, 50, (reachable) => told.push(reachable));
  const { connection, client, clock } = life;
  connection.dial();
  void client.ask({ address: 'tenant', subject: 'get', properties: {} }, '');
  for (const link of connection.replyLinks) connection.attach(link);
  clock.advance(requestTimeoutMs);
  expect(told).toEqual([true, false]);
  const outcomesOfProbes: readonly SendOutcome[] = [
    { status: 'released' },
    { status: 'rejected' },
    { status: 'attach-refused' },
    { status: 'no-credit' },
  ];
  for (const [index, outcome] of outcomesOfProbes.entries()) {
    await clock.advanceAsync(1_000);
    expect(connection.heard, outcome.status).toHaveLength(index + 2);
    connection.heard.at(-1)?.done(outcome);
  }
  await clock.advanceAsync(1_000);
  for (const message of connection.heard.slice(-1)) connection.answer(message, 404);
  expect(told).toEqual([true, false, true]);
  await client.close();
});

test('a service that gives no credit has as many results at a time as questions under way, however many wait', async () => {
  const life = new Life(1, 2);
  const { connection, client, clock } = life;
  connection.dial();
  let results = 0;
  for (let count = 0; count < 10_000; count++)
    void client.ask({ address: 'tenant', subject: 'get', properties: {} }, '').then(() => (results += 1));
  for (const link of connection.replyLinks) connection.attach(link);
  await clock.advanceAsync(requestTimeoutMs);
  expect([results, connection.submitted.length]).toEqual([2, 2]);
  await client.close();
});

test('questions that a link gives back at once are given back one after the other', async () => {
  const life = new Life(1, 2);
  const { connection, client } = life;
  connection.dial();
  const asked = Array.from({ length: 10_000 }, () =>
    client.ask({ address: 'tenant', subject: 'get', properties: {} }, ''),
  );
  connection.isFull = true;
  for (const link of connection.replyLinks) connection.attach(link);
  const results = await Promise.all(asked);
  expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['failed']));
  await client.close();
});

test('more addresses are asked at a time than links are kept: none loses its answer, and unused links are closed', async () => {
  const life = new Life(1, 50);
  const { connection, client } = life;
  connection.dial();
  const asked = ['a', 'b', 'c', 'd', 'e'].map((tenant) =>
    client.ask({ address: `tenant/${tenant}`, subject: 'get', properties: {} }, tenant),
  );
  for (const link of connection.replyLinks) connection.attach(link);
  for (const message of connection.submitted) message.done({ status: 'accepted' });
  for (const message of connection.heard) connection.answer(message);
  expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(asked.map(() => 'answered'));
  void client.ask({ address: 'tenant/f', subject: 'get', properties: {} }, 'f');
  expect(connection.replyLinks).toHaveLength(2);
  await client.close();
});

test(
  `${lives} lives of a service: each question has one result within its time`,
  { timeout: 600_000 },
  async () => {
    let answered = 0;
    for (let seed = 0; seed < lives; seed++) {
      const life = new Life(seed);
      life.connection.dial();
      for (let step = 0; step < stepsOfALife; step++) {
        life.step();
        await settled();
        expect(life.overdue(), `life ${seed}, step ${step}`).toEqual([]);
      }
      const endsWithClose = seed % 2 === 0;
      if (endsWithClose) await life.client.close();
      else for (let left = withinMs; left >= 0; left -= 100) await life.clock.advanceAsync(100);
      await settled();
      expect(life.waiters.map(({ results }) => results)).toEqual(life.waiters.map(() => 1));
      const { outstanding, outcomes: counts } = life.client.figures();
      // One question may be under way that only checks whether the service answers again.
      expect(outstanding, `life ${seed}`).toBeLessThanOrEqual(endsWithClose ? 0 : 1);
      answered += counts['answered'] ?? 0;
      await life.client.close();
      expect(life.client.figures().outstanding).toBe(0);
      expect(life.clock.armed, `life ${seed}`).toBe(0);
      expect(life.connection.replyLinks).toEqual([]);
    }
    // The test proves nothing about states that the lives never reach.
    expect(answered).toBeGreaterThan(lives);
  },
);
