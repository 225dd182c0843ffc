import type { AdapterIdentity } from './connection-event.ts';

/** What the engine of a fleet knows, for people. */
export interface FleetOverview {
  /** Of the engine: kind, version, how many nodes; whatever tells it apart. */
  readonly engine: string;
  readonly instances: readonly FleetInstance[];
}

export interface FleetInstance {
  readonly identity: AdapterIdentity;
  /** `dead`: declared so; what it had open is owed, or told. */
  readonly state: 'living' | 'dead';
  /** Open connections; of a dead one, those whose endings are owed still. */
  readonly connections: number;
}

/** Looks at the fleet once, without joining it. Rejects where the engine does not answer. */
export type InspectFleet = () => Promise<FleetOverview>;
