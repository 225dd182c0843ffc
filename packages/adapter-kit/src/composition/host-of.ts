import { containedClock } from '@rollcall/containment';
import type { TurnedAway } from '../listening/turned-away.ts';
import type { AdapterHost } from '../protocol-adapter.ts';
import type { AdapterContext } from './adapter-context.ts';
import type { Access } from './create-access.ts';
import type { Presence } from './create-presence.ts';
import type { TakenUp } from './take-up-journal.ts';

interface HostParts extends Pick<AdapterHost, 'admit' | 'upload' | 'leasesSurvive' | 'followFiles'> {
  readonly turnedAway: TurnedAway;
  readonly presence: Presence;
  readonly takenUp: TakenUp;
  readonly access: Access;
}

/** What the app gets to work with. */
export function hostOf(
  { clock, random, log, identity, observer, failed }: AdapterContext,
  { turnedAway, presence: { connections, anonymous }, takenUp, access, ...parts }: HostParts,
): AdapterHost {
  return {
    clock: containedClock(clock),
    random,
    log,
    identity,
    metrics: { counter: observer.counter, gauge: observer.gauge },
    turnedAway: turnedAway.count,
    failed,
    ...access.host,
    ...parts,
    open: (tracker, description) => connections.open(tracker, description),
    openAnonymous: (tracker, connection) => anonymous.open(tracker, connection),
    restored: takenUp.restored,
    resume: (tracker, description, event) => connections.resume(tracker, description, event),
    rhythms: takenUp.rhythms,
  };
}
