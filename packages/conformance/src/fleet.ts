// Contracts of a fleet: its directory, its undertaker, and a fleet in memory.
export { describeDirectory } from './describe-directory.ts';
export { describeFleet } from './describe-fleet.ts';
export { describeUntoldEndings } from './describe-untold-endings.ts';
export {
  deadAfterMsUnderTest,
  type FleetMember,
  type FleetUnderTest,
  joinFleet,
} from './directory-under-test.ts';
export { MemoryFleet } from './memory-fleet.ts';
