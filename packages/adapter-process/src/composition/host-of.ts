import { containedClock } from '@rollcall/containment';
import type { AdapterHost, HostContext } from '@rollcall/adapter-kit';
import type { TurnedAway } from '@rollcall/adapter-kit/internal';
import type { HostAccess } from '@rollcall/access';
import type { HostUplink } from '@rollcall/uplink';
import type { AdapterContext } from './adapter-context.ts';
import type { Access } from './create-access.ts';
import type { Presence } from './create-presence.ts';
import type { TakenUp } from './take-up-journal.ts';

interface HostParts extends Pick<HostContext, 'followFiles' | 'portFor'>, Pick<HostAccess, 'admit'> {
  readonly turnedAway: TurnedAway;
  readonly presence: Presence;
  readonly takenUp: TakenUp;
  readonly leasesSurvive: boolean;
  readonly leasesShared: boolean;
  readonly access: Access;
  readonly uplink: HostUplink;
}

/** Makes the host: what the app works with. */
export function hostOf(
  context: AdapterContext,
  {
    turnedAway,
    followFiles,
    portFor,
    presence,
    takenUp,
    leasesSurvive,
    leasesShared,
    access,
    admit,
    uplink,
  }: HostParts,
): AdapterHost {
  const { clock, random, log, observer, failed } = context;
  const { connections, anonymous } = presence;
  return {
    context: {
      clock: containedClock(clock),
      random,
      log,
      get identity() {
        return context.identity;
      },
      metrics: { counter: observer.counter, gauge: observer.gauge },
      failed,
      turnedAway: turnedAway.count,
      followFiles,
      ...(portFor && { portFor }),
    },
    access: { ...access.host, admit },
    presence: {
      open: (tracker, description) => connections.open(tracker, description),
      openAnonymous: (tracker, connection) => anonymous.open(tracker, connection),
    },
    leases: {
      survive: leasesSurvive,
      areShared: leasesShared,
      restored: takenUp.restored,
      resume: (tracker, description, event) => connections.resume(tracker, description, event),
      rhythms: takenUp.rhythms,
    },
    uplink,
  };
}
