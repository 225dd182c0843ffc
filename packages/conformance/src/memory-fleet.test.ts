import { describeDirectory } from './describe-directory.ts';
import { describeFleet } from './describe-fleet.ts';
import { describeUntoldEndings } from './describe-untold-endings.ts';
import type { FleetUnderTest } from './directory-under-test.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryFleet } from './memory-fleet.ts';

function open(): Promise<FleetUnderTest> {
  const clock = new ManualClock();
  const fleet = new MemoryFleet(clock);
  return Promise.resolve({
    create: fleet.create,
    createUndertaker: fleet.createUndertaker,
    askForAnnouncements: fleet.askForAnnouncements,
    freeze: (instance: string) => fleet.freeze(instance),
    cutOff: (instance: string) => fleet.cutOff(instance),
    deafen: (instance: string) => fleet.deafen(instance),
    clock,
    pass: (ms: number) => clock.advanceAsync(ms),
  });
}

describeDirectory('the fleet in memory', open);
describeFleet('the fleet in memory', open);
describeUntoldEndings('the fleet in memory', open);
