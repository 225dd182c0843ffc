import type { DirectoryPlace, LifeSign } from '@rollcall/core/directory';

/** A lease that its device has once in the whole fleet: it gets the reports of the directory. */
export interface FleetLease {
  /** Another adapter heard the device. */
  heardElsewhere(sign: LifeSign): void;
  /** Another lease has its place. */
  displaced(by: DirectoryPlace): void;
  /** Another adapter goes on with it. */
  movedAway(to: DirectoryPlace): void;
  /** Another adapter published its ending. */
  endedElsewhere(): void;
  /**
   * This incarnation was declared dead, and its process goes on as another one.
   *
   * @param isUnknown no other adapter knows this lease.
   */
  buried(isUnknown: boolean): void;
}
