import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import {
  deadAfterMsUnderTest,
  describeDirectory,
  describeFleet,
  describeUntoldEndings,
  joinFleet,
  type FleetMember,
  type FleetUnderTest,
} from '@rollcall/conformance/fleet';
import type { UndertakerContext } from '@rollcall/core/directory';
import { silentLog, type Clock } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import type { Channel, ToParent, ToProcess } from './calls.ts';
import { joinProcesses } from './process-directory.ts';
import { ProcessFleet } from './process-fleet.ts';
import { undertakeFor } from './process-undertaker.ts';

/** What is between a process and its parent, and stands still with it. */
class Way {
  #isHeld = false;
  #isFrozen = false;
  #isDeaf = false;
  #held: (() => void)[] = [];
  readonly end: () => void;
  readonly channel: Channel<ToParent, ToProcess>;

  constructor(fleet: ProcessFleet) {
    const here = Promise.withResolvers<(message: ToProcess) => void>();
    const there = Promise.withResolvers<(message: ToParent) => void>();
    const passed = <Message>(
      to: Promise<(message: Message) => void>,
      message: Message,
      isHeld: boolean,
    ): void => {
      const copied = JSON.parse(JSON.stringify(message)) as Message;
      const pass = (): void => void to.then((listener) => listener(copied));
      if (isHeld) this.#held.push(pass);
      else pass();
    };
    this.channel = {
      send: (sent) => passed(there.promise, sent, this.#isHeld),
      receive: (to) => here.resolve(to),
    };
    this.end = fleet.connect({
      send: (sent) => passed(here.promise, sent, this.#isHeld || this.#isDeaf),
      receive: (to) => there.resolve(to),
    });
  }

  hold(): () => void {
    this.#isHeld = true;
    return () => this.thaw();
  }

  deafen(): () => void {
    this.#isDeaf = true;
    return () => this.thaw();
  }

  freeze(): () => void {
    this.#isFrozen = true;
    return this.hold();
  }

  /** Timers of a process that stands still ring late. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      at: (deadline, wake) => {
        let isArmed = true;
        const ring = (): void => void (isArmed && wake());
        const disarm = clock.at(deadline, () => (this.#isFrozen ? this.#held.push(ring) : ring()));
        return () => {
          isArmed = false;
          disarm();
        };
      },
    };
  }

  thaw(): void {
    this.#isHeld = this.#isFrozen = this.#isDeaf = false;
    for (const go of this.#held.splice(0)) go();
  }
}

function open(): Promise<FleetUnderTest> {
  const clock = new ManualClock();
  const fleet = new ProcessFleet(clock);
  const ways = new Map<string, Way>();
  const wayOf = (instance: string): Way => ways.get(instance) ?? new Way(fleet);
  return Promise.resolve({
    async create(context) {
      const way = new Way(fleet);
      ways.set(context.self.instance, way);
      const directory = await joinProcesses(way.channel, { ...context, clock: way.clock(context.clock) });
      const close = directory.close.bind(directory);
      // A process that stands still closes nothing.
      directory.close = () => {
        way.thaw();
        return close();
      };
      return directory;
    },
    createUndertaker: (context) => undertakeFor(new Way(fleet).channel, context),
    freeze: (instance) => wayOf(instance).freeze(),
    cutOff: (instance) => wayOf(instance).hold(),
    deafen: (instance) => wayOf(instance).deafen(),
    clock,
    pass: (ms) => clock.advanceAsync(ms),
    cleanUp: async () => fleet.stop(),
  });
}

describeDirectory('the directory among processes', open);
describeFleet('the directory among processes', open);
describeUntoldEndings('the directory among processes', open);

test('a silent device is not reported as gone because the parent answers late: another process heard it', async () => {
  const fleet = await open();
  const [a, b] = [await joinFleet(fleet), await joinFleet(fleet)];
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
  const state = { basis, silentMs: 0, leftMs: 60_000 };
  const { event } = a.entry('thermostat-7', 'sensor');
  const lease = { event: { ...event, basis }, slot: 'sensor', state };
  await a.directory.leases.enter(lease);
  await b.directory.leases.report({ ...lease, instance: a.instance }, { kind: 'request', ageMs: 0 });
  const answer = fleet.deafen(a.instance);
  const silence = a.directory.leases.giveUp(lease, 60_000);
  await fleet.pass(1_000);
  answer();
  expect(await silence).toMatchObject({ status: 'heard' });
  await fleet.cleanUp?.();
});

test('a lease whose device others heard after its holder died is not owed before the next request is due: that moves it', async () => {
  const fleet = await open();
  const [a, b] = [await joinFleet(fleet), await joinFleet(fleet)];
  const left: (number | undefined)[] = [];
  const undertaker = await fleet.createUndertaker({
    ...{ clock: fleet.clock, random: seededRandom(1), log: silentLog, deadAfterMs: deadAfterMsUnderTest },
    tell(_dead, owed) {
      left.push(...owed.map(({ lease: of }) => of?.state.leftMs));
      return Promise.resolve([]);
    },
  });
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
  const leaseAt = (member: FleetMember) => {
    const { event } = member.entry('thermostat-7', 'sensor');
    return { event: { ...event, basis }, slot: 'sensor', state: { basis, silentMs: 0, leftMs: 60_000 } };
  };
  const lease = leaseAt(a);
  await a.directory.leases.enter(lease);
  fleet.freeze(a.instance);
  await fleet.pass(2_000);
  const report = { ...lease, instance: a.instance };
  expect(await b.directory.leases.report(report, { kind: 'request', ageMs: 0 })).toMatchObject({
    status: 'told',
  });
  await fleet.pass(59_900);
  expect(left.length).toBeGreaterThan(0);
  expect(left.every((leftMs) => leftMs !== undefined && leftMs > 0)).toBe(true);
  expect(await b.directory.leases.enter(leaseAt(b))).toMatchObject({
    status: 'moved-here',
    lease: { event: { connectionId: lease.event.connectionId } },
  });
  await undertaker.stop();
  await fleet.cleanUp?.();
});

test('leases of a dead process that go on are shown to an undertaker once, and again when they have run out', async () => {
  const fleet = await open();
  const a = await joinFleet(fleet);
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
  for (let lease = 0; lease < 250; lease++) {
    const { event } = a.entry(`d${lease}`, 'sensor');
    const state = { basis, silentMs: 0, leftMs: 60_000 };
    await a.directory.leases.enter({ event: { ...event, basis }, slot: 'sensor', state });
  }
  let shown = 0;
  const undertaker = await fleet.createUndertaker({
    ...{ clock: fleet.clock, random: seededRandom(1), log: silentLog, deadAfterMs: deadAfterMsUnderTest },
    tell(_dead, owed) {
      shown += owed.length;
      const isOver = owed.every(({ lease }) => lease !== undefined && lease.state.leftMs <= 0);
      return Promise.resolve(isOver ? owed.map(({ event }) => event.connectionId) : []);
    },
  });
  fleet.freeze(a.instance);
  await fleet.pass(50_000);
  expect(shown).toBe(250);
  await fleet.pass(20_000);
  expect(shown).toBe(500);
  await undertaker.stop();
  await fleet.cleanUp?.();
});

/** An undertaker, and the connections whose endings it was asked to tell. */
function anUndertaker(clock: Clock) {
  const told: string[] = [];
  const context: UndertakerContext = {
    ...{ clock, random: seededRandom(1), log: silentLog, deadAfterMs: deadAfterMsUnderTest },
    tell(_dead, owed) {
      told.push(...owed.map(({ event }) => event.connectionId));
      return Promise.resolve(owed.map(({ event }) => event.connectionId));
    },
  };
  return { told, context };
}

test('an undertaker that has stopped is asked no more: another one is, though the process of the first still runs', async () => {
  const fleet = await open();
  const a = await joinFleet(fleet);
  const entry = a.entry('pump-1', 'sensor');
  await a.directory.enter(entry);
  const [first, second] = [anUndertaker(fleet.clock), anUndertaker(fleet.clock)];
  const stopping = await fleet.createUndertaker(first.context);
  const other = await fleet.createUndertaker(second.context);
  await stopping.stop();
  fleet.freeze(a.instance);
  await fleet.pass(deadAfterMsUnderTest * 3);
  expect(first.told).toEqual([]);
  expect(second.told).toEqual([entry.event.connectionId]);
  await other.stop();
  await fleet.cleanUp?.();
});

test('a process that asks to undertake, and is read after its end, is asked nothing', async () => {
  const clock = new ManualClock();
  const fleet = new ProcessFleet(clock);
  const under: FleetUnderTest = {
    ...(await open()),
    clock,
    create: (context) => joinProcesses(new Way(fleet).channel, context),
  };
  const a = await joinFleet(under);
  const entry = a.entry('pump-1', 'sensor');
  await a.directory.enter(entry);
  const killed = new Way(fleet);
  const readLate = killed.hold();
  const first = anUndertaker(clock);
  void undertakeFor(killed.channel, first.context);
  await settled();
  killed.end();
  readLate();
  const second = anUndertaker(clock);
  const other = await undertakeFor(new Way(fleet).channel, second.context);
  await a.directory.close();
  await clock.advanceAsync(deadAfterMsUnderTest * 3);
  expect(second.told).toEqual([entry.event.connectionId]);
  await other.stop();
  fleet.stop();
});
