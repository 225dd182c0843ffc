import type { AdapterIdentity } from './connection-event.ts';
import type { Timestamp } from './ids.ts';

/** What the engine of a fleet knows, for people. */
export interface FleetOverview {
  readonly engine: FleetEngineState;
  /** In no order. */
  readonly instances: readonly FleetInstance[];
}

/** The engine that answered. */
export interface FleetEngineState {
  /** Kind, version, how many nodes; whatever tells it apart, e.g. `Redis 7.0.15, standalone`. */
  readonly description: string;
  /** How long it took to answer one question. */
  readonly answerMs: number;
  /** What it holds, of all fleets; absent: it does not say. */
  readonly memoryBytes?: number;
  /** What it does when its memory is full, in its own words; absent: it does not say. */
  readonly evictionPolicy?: string;
}

/** An incarnation of an adapter. */
export type FleetInstance = LivingInstance | DeceasedInstance;

interface LivingInstance {
  readonly identity: AdapterIdentity;
  readonly state: 'living';
  /** Open connections, leases too. */
  readonly connections: number;
  /** Since its last sign of life, on the engine's clock. */
  readonly silentMs: number;
}

/** One that was declared dead, or that gave its place to its next incarnation. Remembered for some days. */
interface DeceasedInstance {
  readonly identity: AdapterIdentity;
  readonly state: 'dead';
  /** Those whose endings are owed still. */
  readonly connections: number;
  /**
   * - `owed`: whoever of the fleet gets to it tells the endings.
   * - `inherited`: the next incarnation of the same adapter tells them, from its journal.
   * - `settled`: nothing is left to be told.
   */
  readonly endings: 'owed' | 'inherited' | 'settled';
  /** By the engine's clock. */
  readonly aliveAt: Timestamp;
  readonly declaredAt: Timestamp;
}

/** Looks at the fleet once, without joining it. Rejects where the engine does not answer. */
export type InspectFleet = () => Promise<FleetOverview>;
