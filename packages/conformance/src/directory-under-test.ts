import type { ConnectionId, Epoch, EventId } from '@rollcall/core';
import type { Clock, Random } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import type {
  AskForAnnouncements,
  ConnectionDirectory,
  CreateDirectory,
  CreateUndertaker,
  DirectoryEntry,
  DirectoryListener,
  DirectoryPlace,
  LifeSign,
} from '@rollcall/core/directory';
import { deviceRef } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { anEvent } from './an-event.ts';
import { seededRandom } from './seeded-random.ts';

/** An engine, and what joins it. */
export interface DirectoryUnderTest {
  /** Each call joins the same fleet. */
  readonly create: CreateDirectory;
  readonly clock: Clock;
  /** Lets so much time pass, and what is due in it happen. */
  pass(ms: number): Promise<void>;
  cleanUp?(): Promise<void>;
}

/** An engine that several instances join. */
export interface FleetUnderTest extends DirectoryUnderTest {
  readonly createUndertaker: CreateUndertaker;
  /** Absent: who follows the events is outside of the process that this fleet is in, and cannot ask. */
  readonly askForAnnouncements?: AskForAnnouncements;
  /** The process of this instance stands still from now on, until the result is called: it gives no sign of life, and hears nothing. */
  freeze(instance: string): () => void;
  /** The engine does not answer this instance until the result is called. */
  cutOff(instance: string): () => void;
  /** The engine hears this instance, and what it says does not arrive there. With the result it does, or it was lost. */
  deafen(instance: string): () => void;
}

/** What a directory told its instance, in order. */
type ToldByDirectory =
  | { readonly what: 'displaced'; readonly connection: ConnectionId; readonly by: DirectoryPlace }
  | {
      readonly what: 'buried';
      readonly neverKnown: readonly ConnectionId[];
      readonly toldByOthers?: readonly ConnectionId[];
    }
  | { readonly what: 'alive-again' | 'announce-asked' }
  | { readonly what: 'moved-away' | 'ended-elsewhere'; readonly connection: ConnectionId }
  | { readonly what: 'heard-elsewhere'; readonly connection: ConnectionId; readonly sign: LifeSign };

/** An instance without an adapter: it enters what a test says, and remembers what it is told. */
export interface FleetMember {
  /** That of now: another one after it was buried. */
  readonly instance: string;
  readonly directory: ConnectionDirectory;
  readonly told: readonly ToldByDirectory[];
  /** Epochs that it must not be behind. */
  readonly epochs: readonly Epoch[];
  /** Connections that it was told to end as `taken-over`, in order. */
  displaced(): readonly ConnectionId[];
  /** An entry of this instance; `at`: milliseconds of its epoch. */
  entry(device: string, slot?: string, at?: number): DirectoryEntry;
}

/** What the instance tells the fleet of itself. */
export interface MemberFacts {
  readonly epoch?: () => Epoch;
  readonly unconfirmedSince?: () => Epoch | undefined;
}

export const deadAfterMsUnderTest = 3_000;
const startMs = Date.parse('2026-11-23T08:00:00.000Z');
let members = 0;

/** Joins the fleet under test. */
export async function joinFleet(
  { create, clock }: DirectoryUnderTest,
  facts: MemberFacts = {},
): Promise<FleetMember> {
  const number = (members += 1);
  const random = seededRandom(number);
  const self: AdapterIdentity = { type: 'hono-mqtt', id: `mqtt-${number}`, instance: uuidOf(random) };
  const told: ToldByDirectory[] = [];
  const epochs: Epoch[] = [];
  let instance = self.instance;
  const listener: DirectoryListener = {
    displaced: (connection, by) => told.push({ what: 'displaced', connection, by }),
    buried(neverKnown = [], toldByOthers = []) {
      told.push({ what: 'buried', neverKnown, ...(toldByOthers.length > 0 && { toldByOthers }) });
      instance = uuidOf(random);
      return instance;
    },
    aliveAgain: () => told.push({ what: 'alive-again' }),
    announceAsked: () => told.push({ what: 'announce-asked' }),
    epochSeen: (epoch) => epochs.push(epoch),
    leases: {
      heardElsewhere(signs) {
        for (const [connection, sign] of signs) told.push({ what: 'heard-elsewhere', connection, sign });
      },
      movedAway: (connection) => told.push({ what: 'moved-away', connection }),
      endedElsewhere: (connection) => told.push({ what: 'ended-elsewhere', connection }),
    },
  };
  const directory = await create({
    self,
    listener,
    facts: {
      epoch: facts.epoch ?? (() => epochOf(startMs)),
      unconfirmedSince: facts.unconfirmedSince ?? (() => undefined),
    },
    deadAfterMs: deadAfterMsUnderTest,
    clock,
    random,
    log: silentLog,
  });
  return {
    get instance() {
      return instance;
    },
    directory,
    told,
    epochs,
    displaced: () => told.flatMap((each) => (each.what === 'displaced' ? [each.connection] : [])),
    entry(device, slot, at = startMs) {
      const [tenant = '', name = ''] = device.includes('/') ? device.split('/') : ['acme', device];
      const event = anEvent(uuidOf(random), {
        id: uuidOf(random) as EventId,
        connectionId: uuidOf(random) as ConnectionId,
        epoch: epochOf(at),
        device: deviceRef(tenant, name),
        adapter: { ...self, instance },
        ...(slot !== undefined && { slot, remoteId: slot }),
      });
      return { event, ...(slot !== undefined && { slot }) };
    },
  };
}

export function epochOf(atMs: number, counter = 0): Epoch {
  return (atMs.toString(16).padStart(12, '0') + counter.toString(16).padStart(4, '0')) as Epoch;
}

function uuidOf(random: Random): string {
  const hex = Buffer.from(random.bytes(16)).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
