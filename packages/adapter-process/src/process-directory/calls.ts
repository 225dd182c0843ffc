import type { ConnectionId, DeviceRef, Epoch, TenantId, Timestamp } from '@rollcall/core';
import type { AdapterIdentity, DisconnectedEvent } from '@rollcall/core/events';
import type {
  DeadInstance,
  DirectoryEntry,
  DirectoryPlace,
  DirectoryStanding,
  GivingUp,
  HeldLease,
  LeaseEntry,
  LeaseStanding,
  LeaseState,
  LifeSign,
  OwedEnding,
  ReportOutcome,
  Taking,
  Succession,
} from '@rollcall/core/directory';

/** What a process asks the one that holds the directory, and what it is answered. As JSON. */
export interface Calls {
  /** The channel of an instance: the first one, and after each burial. */
  readonly join: Call<{ identity: AdapterIdentity; deadAfterMs: number } & SignOfLife, FleetView>;
  readonly renew: Call<SignOfLife, FleetView>;
  readonly enter: Call<{ entry: DirectoryEntry; at: Timestamp }, Entered>;
  readonly leave: Call<{ connection: ConnectionId; lease?: LeaseName; ending?: DisconnectedEvent }, null>;
  readonly find: Call<readonly DeviceRef[], readonly DirectoryPlace[]>;
  readonly isHeld: Call<LeaseName, boolean>;
  readonly enterLease: Call<LeaseEntry, LeaseStanding>;
  /** A lease was served before it was known that another one was moved here: that one ended with its instance. */
  readonly keepLease: Call<{ entry: LeaseEntry; moved: HeldLease }, null>;
  readonly report: Call<{ lease: HeldLease; sign: LifeSign }, ReportOutcome>;
  readonly take: Call<HeldLease, Taking>;
  readonly isUnconfirmed: Call<{ epoch: Epoch; instance: string }, boolean>;
  readonly giveUp: Call<{ connection: ConnectionId; lease: LeaseName; quietMs: number }, GivingUp>;
  readonly note: Call<{ connection: ConnectionId; state: LeaseState }, null>;
  readonly succeed: Call<string, Succession>;
  readonly untold: Call<
    { earlier: string; connections: readonly ConnectionId[] },
    (Pick<DeadInstance, 'aliveAt' | 'declaredAt'> & { connections: readonly ConnectionId[] }) | null
  >;
  readonly settled: Call<string, null>;
  readonly close: Call<null, null>;
  /** The channel of an undertaker. `asks`: it has a second signal, and is asked before anybody is declared dead. */
  readonly undertake: Call<{ deadAfterMs: number }, null>;
  /** It stops, and is asked no more. */
  readonly undertakeNoMore: Call<null, null>;
  readonly verdict: Call<{ instance: string; isDead: boolean }, null>;
  readonly told: Call<{ instance: string; settled: readonly ConnectionId[] }, null>;
}

interface Call<Asked, Answered> {
  readonly asked: Asked;
  readonly answered: Answered;
}

export interface SignOfLife {
  readonly epoch: Epoch;
  readonly unconfirmedSince?: Epoch;
}

/** What a sign of life is answered. */
export interface FleetView {
  readonly instances: number;
  /** The furthest clock of the other living; absent: there is no other. */
  readonly furthest?: Epoch;
  /** Connections of tenants at other living instances, as far as they changed. */
  readonly elsewhere: readonly (readonly [TenantId, number])[];
}

export interface Entered {
  readonly standing: DirectoryStanding;
  /** Of the connection that it displaced, where that was stamped later. */
  readonly displaced?: Epoch;
}

export interface LeaseName {
  readonly device: DeviceRef;
  readonly slot: string;
}

/** What the process that holds the directory tells the others. */
export type Told =
  | { readonly what: 'displaced'; readonly connection: ConnectionId; readonly by: DirectoryPlace }
  | { readonly what: 'buried'; readonly instance: string }
  | { readonly what: 'heard'; readonly connection: ConnectionId; readonly sign: LifeSign }
  | { readonly what: 'moved-away'; readonly connection: ConnectionId; readonly to: DirectoryPlace }
  | { readonly what: 'ended-elsewhere'; readonly connection: ConnectionId }
  /** To undertakers. */
  | { readonly what: 'suspect' | 'declared'; readonly instance: string }
  | {
      readonly what: 'bury';
      readonly dead: DeadInstance;
      readonly owed: readonly OwedEnding[];
      readonly now: Timestamp;
    };

export type CallName = keyof Calls;

/** One question. `number` is that of the answer; they come in order. */
export interface Question<Name extends CallName = CallName> {
  readonly number: number;
  readonly call: Name;
  readonly asked: Calls[Name]['asked'];
}

/** `refused`: this incarnation was declared dead. */
type Reply =
  | { readonly number: number; readonly answered: unknown }
  | { readonly number: number; readonly refused: true };

/** Several at a time, in order. */
export type ToParent = readonly Question[];
export type ToProcess = readonly (Reply | Told)[];

/** One end of a way between two processes: nothing is lost on it, and nothing overtakes. It ends with either of them. */
export interface Channel<Sent, Received> {
  send(message: Sent): void;
  /** Called once. */
  receive(listener: (message: Received) => void): void;
}
