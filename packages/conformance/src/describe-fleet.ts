import type { FleetUnderTest } from './directory-under-test.ts';
import { describeAnnouncementsAsked } from './fleet-contract/describe-announcements-asked.ts';
import { describeBurials } from './fleet-contract/describe-burials.ts';
import { describeHeirs } from './fleet-contract/describe-heirs.ts';
import { describeLeasesOfFleet } from './fleet-contract/describe-leases-of-fleet.ts';
import { describeNotedEndings } from './fleet-contract/describe-noted-endings.ts';
import { describeSlots } from './fleet-contract/describe-slots.ts';
import { withFleetOf } from './fleet-contract/fleet-in-test.ts';

/** Every directory that several instances can join must pass, beside `describeDirectory`. */
export function describeFleet(name: string, open: () => Promise<FleetUnderTest>): void {
  const withFleet = withFleetOf(open);
  describeSlots(name, withFleet);
  describeAnnouncementsAsked(name, withFleet);
  describeLeasesOfFleet(name, withFleet);
  describeHeirs(name, withFleet);
  describeBurials(name, withFleet);
  describeNotedEndings(name, withFleet);
}
