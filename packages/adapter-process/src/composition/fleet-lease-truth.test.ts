import { ClockOfAnother, ManualClock, seededRandom } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { ConnectionId } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';
import { expect, test } from 'vitest';
import { startLeases, type LeasesInTest } from '../testing/start-leases.ts';

const away = { status: 'retryable', cause: new Error('away') } as const;
const minute = 60_000;
const deadAfterMs = 10_000;
const adapters = 3;
const deviceIds = ['thermostat-7@acme', 'valve-1@acme', 'thermostat-7@umbrella'];
const apartMs = [0, 300_000, -300_000];

/** Devices whose requests go to any of three adapters, and everything that can go wrong between these. */
class Chaos {
  readonly clock = new ManualClock();
  readonly fleet = new MemoryFleet(this.clock);
  readonly members: LeasesInTest[] = [];
  readonly #clocks = apartMs.map((aheadMs) => new ClockOfAnother(this.clock, aheadMs));
  /** By member, how to end what is wrong with it. */
  readonly #restore = new Map<number, () => void>();
  readonly #withoutNetwork = new Set<number>();
  /** What adapters stamped while they were cut off from the directory. */
  readonly stampedAlone = new Set<string>();
  readonly #random;
  readonly #hasSecondSignal: boolean;

  constructor(seed: number, hasSecondSignal: boolean) {
    this.#random = seededRandom(seed);
    this.#hasSecondSignal = hasSecondSignal;
  }

  async begin(): Promise<void> {
    for (let index = 0; index < adapters; index++)
      this.members.push(
        await startLeases({
          clock: this.#clocks[index] ?? this.clock,
          directory: this.fleet.create,
          undertaker: (context) =>
            this.fleet.createUndertaker({
              ...context,
              ...(this.#hasSecondSignal && { signal: { stateOf: async () => 'publishes' as const } }),
            }),
          seed: index + 1,
          observers: [
            {
              published: ({ id }) => {
                if (this.#restore.has(index)) this.stampedAlone.add(id);
              },
            },
          ],
          settings: { adapterId: `a${index}` },
          answer: () => (this.#withoutNetwork.has(index) ? away : { status: 'delivered' }),
        }),
      );
  }

  async step(): Promise<void> {
    const member = this.#random.pick(adapters);
    switch (this.#random.pick(12)) {
      case 0:
        if (!this.#restore.has(member)) this.#restore.set(member, this.fleet.cutOff(this.#instance(member)));
        break;
      case 1:
        this.#reconnect(member);
        break;
      case 2:
        this.#withoutNetwork.add(member);
        break;
      case 3:
        this.#withoutNetwork.delete(member);
        break;
      case 4:
        this.#clocks[member]?.stepWall((this.#random.pick(3) - 1) * this.#random.pick(1_200_000));
        break;
      case 5:
        await this.members[member]?.goodbye(this.#device());
        break;
      default:
        await this.members[member]?.request(this.#device(), minute);
    }
    await this.clock.advanceAsync(1 + this.#random.pick(this.#random.pick(5) === 0 ? 70_000 : 5_000));
  }

  async end(): Promise<void> {
    this.#withoutNetwork.clear();
    for (let member = 0; member < adapters; member++) this.#reconnect(member);
    await this.clock.advanceAsync(20_000);
  }

  events(): readonly ConnectionEvent[] {
    return this.members.flatMap(({ sink }) => sink.events);
  }

  #reconnect(member: number): void {
    this.#restore.get(member)?.();
    this.#restore.delete(member);
  }

  #device(): string {
    return deviceIds[this.#random.pick(deviceIds.length)] ?? '';
  }

  #instance(member: number): string {
    return this.members[member]?.running.identity.instance ?? '';
  }
}

/** What consumers make of all events. */
function seenIn(events: readonly ConnectionEvent[]): {
  readonly open: ReadonlyMap<ConnectionId, ConnectionEvent>;
  readonly twice: readonly (readonly [id: string, reason: string][])[];
  readonly neverBegun: readonly ConnectionId[];
} {
  const begun = new Map<ConnectionId, ConnectionEvent>();
  const ended = new Map<ConnectionId, Map<string, string>>();
  for (const event of events)
    if (event.type === 'connected') begun.set(event.connectionId, event);
    else
      ended.set(
        event.connectionId,
        (ended.get(event.connectionId) ?? new Map<string, string>()).set(event.id, event.reason),
      );
  return {
    open: new Map([...begun].filter(([connection]) => !ended.has(connection))),
    twice: [...ended.values()].filter((ids) => ids.size > 1).map((ids) => Array.from(ids)),
    neverBegun: [...ended.keys()].filter((connection) => !begun.has(connection)),
  };
}

/** More in the soak. */
const count = process.env['ROLLCALL_FUZZ_CASES'] ? 40 : 4;
const seeds = Array.from({ length: count }, (_, index) => [index + 1, index % 2 === 0] as const);

test.each(seeds)(
  'whatever goes wrong, a lease ends once, and a device that is heard has one (seed %i, second signal: %s)',
  async (seed, hasSecondSignal) => {
    const chaos = new Chaos(seed, hasSecondSignal);
    await chaos.begin();
    for (let step = 0; step < 100; step++) await chaos.step();
    await chaos.end();
    for (const member of chaos.members)
      for (const device of deviceIds) await (await member.request(device, minute)).committed();
    await chaos.clock.advanceAsync(5_000);
    const heard = seenIn(chaos.events());
    expect(
      [...heard.open.values()].map(({ device }) => `${device.device}@${device.tenant}`).toSorted(),
    ).toEqual(deviceIds.toSorted());
    await chaos.clock.advanceAsync(5 * minute + deadAfterMs);
    const silent = seenIn(chaos.events());
    expect([...silent.open.keys()], 'all have run out').toEqual([]);
    expect(silent.neverBegun, 'none without its other half').toEqual([]);
    // Who is cut off ends a lease on its own view, and others may end it, too: the earlier ending counts.
    const unexplained = silent.twice.filter((endings) => !endings.some(([id]) => chaos.stampedAlone.has(id)));
    expect(unexplained).toEqual([]);
    expect(chaos.events().length, 'enough went wrong').toBeGreaterThan(20);
    for (const member of chaos.members) await member.running.stop({ graceMs: 0 });
  },
);
