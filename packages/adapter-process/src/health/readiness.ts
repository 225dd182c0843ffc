import type { Timestamp } from '@rollcall/core';
import type { DeviceDataSender } from '@rollcall/core/device-data';
import type { EventSink } from '@rollcall/core/sink';
import type { DirectoryStatus } from '@rollcall/core/directory';
import type { DeviceRegistry, RegistryServices, RegistryState } from '@rollcall/core/registry';
import type { FollowedState } from '@rollcall/file-follower';
import { noMessaging, noMessagingText } from '@rollcall/messaging-module/internal';
import type { SinkDepth } from '@rollcall/outbox/internal';
import type { ReadinessCause } from '../messages/readiness-causes.ts';
import type { HealthCheck } from './health-json.ts';

/** An event that is not confirmed for so long is late. */
const lateAfterMs = 2_000;

export interface ReadinessFacts {
  readonly registry: Pick<DeviceRegistry, 'state' | 'services'>;
  readonly sinks: readonly EventSink[];
  readonly sender: DeviceDataSender;
  readonly files: readonly FollowedState[];
  readonly depth: readonly SinkDepth[];
  readonly journalBehind: boolean;
  /** Default: the adapter is in no fleet. */
  readonly directory?: DirectoryStatus;
  readonly now: Timestamp;
}

/** What an adapter needs of others. Where one of them is away, events wait and data is refused, but devices can connect. */
export function readinessOfOthers(facts: ReadinessFacts): readonly HealthCheck[] {
  const { registry, sinks, sender, files, depth, journalBehind, directory = 'local', now } = facts;
  const known = registry.state?.();
  return [
    ...(known ? [ofRegistry(known)] : []),
    ...ofServices(registry.services?.()),
    check('journal', !journalBehind, 'JOURNAL_BEHIND', 'events are in memory alone'),
    ...ofDirectory(directory),
    ...files.map(({ name, current }) =>
      check(
        `files-of-${name}`,
        current,
        'FILES_NOT_CURRENT',
        'what is in the files is not in use, or has expired',
      ),
    ),
    downstream(sender),
    ...sinks.flatMap((sink) =>
      sink.connected
        ? [
            check(
              `connection-of-${sink.name}-sink`,
              sink.connected(),
              'SINK_NOT_CONNECTED',
              'not connected: events wait',
            ),
          ]
        : [],
    ),
    // A network may be connected, and confirm nothing.
    ...depth.map((each) => delivery(each, now)),
  ];
}

function ofRegistry({ current, heldDevices }: RegistryState): HealthCheck {
  const name = 'device-registry';
  if (heldDevices > 0)
    return check(
      name,
      false,
      'REGISTRY_DEVICES_HELD',
      `${heldDevices} devices are missing in it, and are held`,
    );
  return check(name, current, 'REGISTRY_NOT_CURRENT', 'what is stored is not what is served');
}

/** Devices whose answers are kept are served while a service is away. */
function ofServices(known: RegistryServices | undefined): readonly HealthCheck[] {
  if (!known) return [];
  const services = known.services.map(({ name, reachable }) =>
    check(`registry-${name}`, reachable, 'REGISTRY_SERVICE_AWAY', 'the service does not answer'),
  );
  if (known.hearsChanges === undefined) return services;
  const reason = 'changes are not heard: devices may be served that may not be any more';
  return [...services, check('registry-changes', known.hearsChanges, 'REGISTRY_CHANGES_NOT_HEARD', reason)];
}

function ofDirectory(status: DirectoryStatus): readonly HealthCheck[] {
  if (status === 'local') return [];
  if (status === 'away')
    return [check('fleet', false, 'FLEET_AWAY', 'its engine does not answer: the adapter is on its own')];
  if (status === 'restricted')
    return [check('fleet', false, 'FLEET_RESTRICTED', 'its engine refuses what a fleet needs')];
  const isCaughtUp = status === 'in-touch';
  return [check('fleet', isCaughtUp, 'FLEET_CATCHING_UP', 'its engine is told again what is open')];
}

function downstream(sender: DeviceDataSender): HealthCheck {
  const name = 'connection-to-downstream';
  return sender === noMessaging
    ? check(name, false, 'NETWORK_NOT_CONFIGURED', `${noMessagingText}: device data is refused`)
    : check(name, sender.connected(), 'NETWORK_NOT_CONNECTED', 'not connected: device data is refused');
}

function delivery({ sink, oldestAt, refusingTenants, parked }: SinkDepth, now: Timestamp): HealthCheck {
  const name = `delivery-to-${sink}-sink`;
  if (refusingTenants > 0) {
    const whose = `events of ${refusingTenants} ${refusingTenants === 1 ? 'tenant' : 'tenants'}`;
    return check(name, false, 'TENANTS_REFUSED', `${whose} are refused; ${parked} are parked`);
  }
  const isLate = oldestAt !== undefined && now - oldestAt > lateAfterMs;
  return check(name, !isLate, 'EVENTS_NOT_CONFIRMED', 'events wait to be confirmed');
}

/** @param code and `reason`: why, if it is not good. */
function check(name: string, good: boolean, code: ReadinessCause, reason: string): HealthCheck {
  return good ? { name, status: 'UP' } : { name, status: 'DEGRADED', code, reason };
}
