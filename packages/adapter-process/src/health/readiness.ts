import type { DeviceDataSender, DeviceRegistry, EventSink, Timestamp } from '@rollcall/core';
import type { FollowedState } from '@rollcall/file-follower';
import { noMessaging, noMessagingText } from '@rollcall/messaging-module/internal';
import type { SinkDepth } from '@rollcall/outbox/internal';
import type { HealthCheck } from './health-server.ts';

/** An event that is not confirmed for so long is late. */
const lateAfterMs = 2_000;

export interface ReadinessFacts {
  readonly registry: Pick<DeviceRegistry, 'state'>;
  readonly sinks: readonly EventSink[];
  readonly sender: DeviceDataSender;
  readonly files: readonly FollowedState[];
  readonly depth: readonly SinkDepth[];
  readonly journalBehind: boolean;
  readonly now: Timestamp;
}

/** What an adapter needs of others. Where one of them is away, events wait and data is refused, but devices can connect. */
export function readinessOfOthers(facts: ReadinessFacts): readonly HealthCheck[] {
  const { registry, sinks, sender, files, depth, journalBehind, now } = facts;
  const known = registry.state?.();
  return [
    ...(known ? [check('device-registry', known.current)] : []),
    check('journal', !journalBehind),
    ...files.map(({ name, current }) => check(`files-of-${name}`, current)),
    downstream(sender),
    ...sinks.flatMap((sink) =>
      sink.connected ? [check(`connection-of-${sink.name}-sink`, sink.connected())] : [],
    ),
    // A network may be connected, and confirm nothing.
    ...depth.map((each) => delivery(each, now)),
  ];
}

function downstream(sender: DeviceDataSender): HealthCheck {
  const found = check('connection-to-downstream', sender.connected());
  return sender === noMessaging ? { ...found, reason: `${noMessagingText}: device data is refused` } : found;
}

function delivery({ sink, oldestAt, refusingTenants, parked }: SinkDepth, now: Timestamp): HealthCheck {
  const name = `delivery-to-${sink}-sink`;
  if (refusingTenants > 0) {
    const whose = `events of ${refusingTenants} ${refusingTenants === 1 ? 'tenant' : 'tenants'}`;
    return { name, status: 'DEGRADED', reason: `${whose} are refused; ${parked} are parked` };
  }
  if (oldestAt === undefined || now - oldestAt <= lateAfterMs) return check(name, true);
  return { ...check(name, false), reason: 'events wait to be confirmed' };
}

function check(name: string, good: boolean): HealthCheck {
  return { name, status: good ? 'UP' : 'DEGRADED' };
}
