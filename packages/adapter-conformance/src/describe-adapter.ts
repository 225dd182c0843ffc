import { describe, expect, test } from 'vitest';
import { createAdapterBed, thermostat, type AdapterBed } from './adapter-bed.ts';
import type { AdapterHarness } from './adapter-harness.ts';
import { describeAccess } from './describe-access.ts';
import { describeArrival } from './describe-arrival.ts';
import { describeCommits } from './describe-commits.ts';
import { describeConnections } from './describe-connections.ts';
import { describeContainment } from './describe-containment.ts';
import { describeDrain } from './describe-drain.ts';
import { describeEnds } from './describe-ends.ts';
import { describeFailedNames } from './describe-failed-names.ts';
import { describeHeartBeats } from './describe-heart-beats.ts';
import { describeRefusals } from './describe-refusals.ts';
import { describeRoaming } from './describe-roaming.ts';
import { describeSessionLimit } from './describe-session-limit.ts';
import { describeStalls } from './describe-stalls.ts';
import { bytesOf, omissionOf } from './device-bytes.ts';

/** Every protocol adapter must pass, with a real client. Called from the adapter's own tests. */
export function describeAdapter(name: string, harness: AdapterHarness): void {
  const bed = createAdapterBed(harness);
  const { withAdapter, connected } = bed;

  describe(`${name} honours the adapter contract`, () => {
    describeConnections(bed);
    describeRefusals(bed);
    describeFailedNames(bed);
    describeSessionLimit(bed);
    describeEnds(bed);

    describeAccess({
      type: harness.credentialsType ?? 'hashed-password',
      withAdapter,
      connect: (adapter) => connected(adapter),
    });

    describeBytes(bed);

    describeStalls(bed);

    describeRoaming(bed);

    describeContainment(bed);

    describeCommits(harness, thermostat);

    describeDrain(harness, [
      thermostat,
      { ...thermostat, username: 'valve-1@acme', remoteId: 'unit-2' },
      { ...thermostat, username: 'thermostat-7@umbrella', remoteId: 'unit-3' },
    ]);
  });
}

function describeBytes({ harness, withAdapter }: AdapterBed): void {
  const { bytes: given, silenceMs, heartBeats } = harness;
  test('the harness leaves nothing out without a reason', () => {
    expect(omissionOf(harness)).toBeUndefined();
  });
  const bytes = bytesOf(given);
  if (bytes) describeArrival({ bytes, silenceMs, withAdapter });
  if (bytes && heartBeats) describeHeartBeats({ bytes, silenceMs, withAdapter }, heartBeats);
  // Skipped, so that the report shows the reason.
  const reasons = given && 'absentBecause' in given ? [given.absentBecause] : [];
  for (const reason of reasons)
    test.runIf(bytes)(`what arrives is tested byte by byte; not here: ${reason}`, () => expect.unreachable());
}
