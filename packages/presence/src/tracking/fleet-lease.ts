import type { DirectoryPlace, LifeSign } from '@rollcall/core/directory';

/** A lease that is one for its device in the whole fleet, as the directory tells of it. */
export interface FleetLease {
  /** Another adapter heard the device. */
  heardElsewhere(sign: LifeSign): void;
  /** Another one has its place. */
  displaced(by: DirectoryPlace): void;
  /** Another adapter goes on with it. */
  movedAway(to: DirectoryPlace): void;
  /** Others told its ending. */
  endedElsewhere(): void;
  /**
   * This incarnation was declared dead, and goes on as another.
   *
   * @param isUnknown nobody else knows of this lease.
   */
  buried(isUnknown: boolean): void;
}
