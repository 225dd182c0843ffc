import { ClockOfAnother, ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { ConnectionId } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { OwedEnding } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';

const away = { status: 'retryable', cause: new Error('away') } as const;
const deadAfterMs = 10_000;
const adapters = 3;
/** How far the wall clock of each adapter is ahead, where they differ. */
const apartMs = [0, 300_000, -300_000];
const deviceIds = ['thermostat-7@acme', 'valve-1@acme', 'thermostat-7@umbrella', 'valve-1@umbrella'];

type Session = Awaited<ReturnType<ScriptedInTest['begin']>>;

/** Devices that go from one adapter to another, and everything that can go wrong between the adapters meanwhile. */
class Chaos {
  readonly clock = new ManualClock();
  readonly fleet = new MemoryFleet(this.clock);
  readonly members: ScriptedInTest[] = [];
  readonly told: OwedEnding[] = [];
  /** By device: the session that it began last, and where; absent: it left. */
  readonly latest = new Map<string, { readonly session: Session; readonly member: number }>();
  readonly sessions: { readonly username: string; readonly session: Session }[] = [];
  /** By member, how to end what is wrong with it. */
  readonly #thaw = new Map<number, () => void>();
  readonly #restore = new Map<number, () => void>();
  /** What devices did while the process stood still: it is seen before anything else. */
  readonly #unseen = new Map<number, (() => void)[]>();
  readonly #random;
  #isAway = false;

  readonly #hasSecondSignal: boolean;
  /** By member; empty: all have the clock of the fleet. */
  readonly #clocks: readonly ClockOfAnother[];

  /**
   * @param hasSecondSignal without one, an adapter that is cut off from the engine for long is declared dead.
   * @param hasOwnClocks wall clocks are minutes apart, and set forward and back.
   */
  constructor(seed: number, hasSecondSignal: boolean, hasOwnClocks: boolean) {
    this.#random = seededRandom(seed);
    this.#hasSecondSignal = hasSecondSignal;
    this.#clocks = hasOwnClocks ? apartMs.map((aheadMs) => new ClockOfAnother(this.clock, aheadMs)) : [];
  }

  async begin(): Promise<void> {
    for (let index = 0; index < adapters; index++)
      this.members.push(
        await startScripted({
          clock: this.#clocks[index] ?? this.clock,
          directory: this.fleet.create,
          seed: index + 1,
          settings: { adapterId: `a${index}` },
          answer: () => (this.#isAway ? away : { status: 'delivered' }),
        }),
      );
    await this.fleet.createUndertaker({
      clock: this.clock,
      random: this.#random,
      log: silentLog,
      deadAfterMs,
      ...(this.#hasSecondSignal && {
        // One that is cut off from the engine alone still publishes.
        signal: { stateOf: async (instance) => (this.#standsStill(instance) ? 'silent' : 'publishes') },
      }),
      tell: async (_dead, owed) => {
        this.told.push(...owed);
        return owed.map(({ event }) => event.connectionId);
      },
    });
  }

  async step(): Promise<void> {
    const member = this.#random.pick(adapters);
    if (this.#clocks.length > 0 && this.#random.pick(8) === 0)
      this.#clocks[this.#random.pick(adapters)]?.stepWall(
        (this.#random.pick(3) - 1) * this.#random.pick(1_200_000),
      );
    switch (this.#random.pick(12)) {
      case 0:
        this.#leave();
        break;
      case 1:
        if (!this.#restore.has(member) && !this.#thaw.has(member))
          this.#restore.set(member, this.fleet.cutOff(this.#instance(member)));
        break;
      case 2:
      case 3:
        this.#end(this.#restore, member);
        break;
      case 4:
        if (!this.#restore.has(member) && !this.#thaw.has(member))
          this.#thaw.set(member, this.fleet.freeze(this.#instance(member)));
        break;
      case 5:
        this.#goOn(member);
        break;
      case 6:
        // What it owes for one that is dead would be lost with it.
        if (this.#thaw.size === 0 && (this.#hasSecondSignal || this.#restore.size === 0))
          this.fleet.loseAll();
        break;
      case 7:
        this.#isAway = !this.#isAway;
        break;
      default:
        await this.#connect(member);
    }
    await this.clock.advanceAsync(1 + this.#random.pick(this.#random.pick(20) === 0 ? 15_000 : 500));
  }

  async end(): Promise<void> {
    this.#isAway = false;
    for (let member = 0; member < adapters; member++) {
      this.#end(this.#restore, member);
      this.#goOn(member);
    }
    await this.clock.advanceAsync(60_000);
    await settled();
  }

  events(): readonly ConnectionEvent[] {
    return this.members.flatMap(({ sink }) => sink.events);
  }

  async #connect(member: number): Promise<void> {
    const adapter = this.members[member];
    const username = deviceIds[this.#random.pick(deviceIds.length)] ?? '';
    if (!adapter || this.#thaw.has(member)) return;
    const session = await adapter.begin({ username, remoteId: username });
    this.latest.set(username, { session, member });
    this.sessions.push({ username, session });
  }

  #leave(): void {
    const [username, open] = [...this.latest][this.#random.pick(this.latest.size)] ?? [];
    if (username === undefined || !open) return;
    this.latest.delete(username);
    const leave = (): void => {
      open.session.connection.report({ type: 'end', change: { reason: 'client-closed' } });
    };
    const unseen = this.#unseen.get(open.member) ?? [];
    if (!this.#thaw.has(open.member)) leave();
    else this.#unseen.set(open.member, [...unseen, leave]);
  }

  #goOn(member: number): void {
    if (!this.#thaw.has(member)) return;
    for (const happened of this.#unseen.get(member) ?? []) happened();
    this.#unseen.delete(member);
    this.#end(this.#thaw, member);
  }

  #end(what: Map<number, () => void>, member: number): void {
    what.get(member)?.();
    what.delete(member);
  }

  #instance(member: number): string {
    return this.members[member]?.running.identity.instance ?? '';
  }

  #standsStill(instance: string): boolean {
    return [...this.#thaw.keys()].some((member) => this.#instance(member) === instance);
  }
}

/** More in the soak. */
const count = process.env['ROLLCALL_FUZZ_CASES'] ? 64 : 8;
const seeds = Array.from(
  { length: count },
  (_, index) => [index + 1, index % 2 === 0, index % 4 >= 2] as const,
);

test.each(seeds)(
  'whatever goes wrong, each connection ends once, and a device is where it connected last (seed %i, second signal: %s, clocks of their own: %s)',
  async (seed, hasSecondSignal, hasOwnClocks) => {
    const chaos = new Chaos(seed, hasSecondSignal, hasOwnClocks);
    await chaos.begin();
    for (let step = 0; step < 250; step++) await chaos.step();
    await chaos.end();

    const begun = new Map<ConnectionId, ConnectionEvent>();
    // One event may come again, as what a dead adapter noted, and had sent.
    const reasonsOf = new Map<ConnectionId, Map<string, string>>();
    const ended = (connection: ConnectionId, id: string, reason: string): void => {
      const reasons = reasonsOf.get(connection) ?? new Map<string, string>();
      if (!reasons.has(id)) reasonsOf.set(connection, reasons.set(id, reason));
    };
    for (const event of chaos.events()) {
      if (event.type === 'connected') begun.set(event.connectionId, event);
      else ended(event.connectionId, event.id, event.reason);
    }
    for (const { event, reason, unconfirmed, ending } of chaos.told) {
      if (unconfirmed) begun.set(event.connectionId, event);
      if (ending) ended(event.connectionId, ending.id, ending.reason);
      else ended(event.connectionId, 'of the record', `${reason} told by others`);
    }
    const endings = new Map(
      [...reasonsOf].map(([connection, reasons]) => [connection, [...reasons.values()]]),
    );
    for (const event of chaos.events()) {
      const beginning = begun.get(event.connectionId);
      if (event.type === 'disconnected' && beginning?.adapter.instance === event.adapter.instance)
        expect(event.at, 'no connection ends before it began').toBeGreaterThanOrEqual(beginning.at);
    }
    const twice = [...endings].filter(([, reasons]) => reasons.length > 1);
    // Others told that it is lost while it was cut off, and told itself how it ended: the earlier ending counts.
    const explained = hasSecondSignal
      ? []
      : twice.filter(([, reasons]) => reasons.some((each) => each.endsWith('others')));
    expect(twice).toEqual(explained);
    expect(
      [...endings.keys()].filter((connection) => !begun.has(connection)),
      'none without its other half',
    ).toEqual([]);
    const open = [...begun.values()].filter(({ connectionId }) => !endings.has(connectionId));
    const openOf = (username: string): number => open.filter(({ remoteId }) => remoteId === username).length;
    for (const username of deviceIds) {
      const { session } = chaos.latest.get(username) ?? {};
      const sockets = chaos.sessions.filter(
        (each) => each.username === username && each.session.ended.length === 0,
      );
      expect(openOf(username), 'a connection is open exactly as long as its socket is').toBe(sockets.length);
      // Otherwise it left, or its adapter was declared dead: one that it left before may be half open still.
      if (session?.ended.length === 0) expect(openOf(username)).toBe(1);
    }
    expect(chaos.told.length + endings.size, 'enough went wrong').toBeGreaterThan(20);
  },
);
