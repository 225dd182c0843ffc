import { createContext, type AdapterContext } from './composition/adapter-context.ts';
import type { AdapterParts, RunningAdapter } from './composition/adapter-parts.ts';
import { admitTo } from './composition/admit-to.ts';
import { beginAll, type ResourceStack } from '@rollcall/runtime';
import { createAccess } from './composition/create-access.ts';
import { createPresence } from './composition/create-presence.ts';
import { createUplink } from './composition/create-uplink.ts';
import { feedJournal } from './composition/feed-journal.ts';
import { FleetSeat } from './composition/fleet-seat.ts';
import { followRegistry } from './composition/follow-registry.ts';
import { healthAnswers } from './composition/health-answers.ts';
import { hostOf } from './composition/host-of.ts';
import { openDelivery } from './composition/open-delivery.ts';
import { tellForTheDead } from './composition/tell-for-the-dead.ts';
import { OwnPlaces } from './composition/own-places.ts';
import { takeUpJournal } from './composition/take-up-journal.ts';
import { createFollowedFiles } from '@rollcall/file-follower';
import { createHealthPort, type HealthPort } from './health/health-port.ts';
import { stopAdapter, type Stopping } from './lifecycle/stop-adapter.ts';
import { createTurnedAway } from '@rollcall/adapter-kit/internal';

/**
 * Puts a protocol adapter to work: what its trackers decide is stamped, journaled and shipped to the sinks. Where it cannot start,
 * everything that was begun is ended, in reverse order.
 *
 * @throws TransportError where a port cannot be bound, or the journal not be opened.
 */
export function startAdapter(parts: AdapterParts): Promise<RunningAdapter> {
  return beginAll((resources) => begin(parts, resources), parts.log);
}

async function begin(parts: AdapterParts, resources: ResourceStack): Promise<RunningAdapter> {
  const { adapter, sender, passwords, clock, log, loop } = parts;
  const context = createContext(parts);
  const { settings, observer } = context;

  const turnedAway = resources.adopt(createTurnedAway(clock, log, observer), (each) => each.stop());
  const health = resources.adopt(createHealthPort(parts.health, settings.health, log), (each) =>
    each.close(),
  );
  const files = resources.adopt(parts.files ?? createFollowedFiles({ clock, log }), (each) => each.stop());
  observer.watch('files', files);
  const fleet = new FleetSeat(context, parts.directory);
  // After the journal: what ended is to be told by nobody else once it is safe there.
  resources.defer(() => fleet.close());
  const delivery = await openDelivery(parts, context, fleet.mayPublish, resources);
  await fleet.join(delivery);
  const followed = followRegistry(parts.registry, context, resources);
  const { registry } = followed;
  const presence = createPresence(context, { delivery, followed, loop, fleet }, resources);
  const takenUp = await takeUpJournal(
    context,
    delivery,
    { registry, stamp: presence.stamp, directory: fleet.directory },
    resources,
  );
  if (parts.undertaker)
    await tellForTheDead(
      parts.undertaker,
      context,
      { delivery, registry, counts: fleet.forTheDead, signal: parts.publishingSignal },
      resources,
    );
  const places = new OwnPlaces({
    kind: adapter.presence ?? 'session',
    connections: presence.connections,
    directory: fleet.directory,
  });
  const access = createAccess(context, { passwords, followed, delivery, takenUp, places }, resources);
  const host = hostOf(context, {
    turnedAway,
    presence,
    takenUp,
    access,
    followFiles: (set) => files.follow(set),
    ...(parts.portFor && { portFor: parts.portFor }),
    admit: admitTo(context, presence, access, followed, places),
    leasesSurvive: parts.journal !== undefined,
    leasesShared: fleet.isShared,
    uplink: createUplink(context, registry, sender),
  });
  await health.open(
    healthAnswers(context, parts, { delivery, files, turnedAway, directory: fleet.directory }),
  );
  feedJournal(context, { delivery, presence, takenUp, access }, resources);
  const protocol = resources.adopt(await adapter.start(host), (each) => each.close());

  context.phase = 'running';
  const { connections, anonymous } = presence;
  takenUp.enteredWhen(connections.asked());
  // Leases that were taken up while the registry was away did not hear of it.
  if (!connections.serving) connections.servingChanged(false);
  // What the registry says of devices that were present before may have changed meanwhile.
  if (host.leases.restored.length > 0) await followed.access.review();
  return running(context, health, {
    ...context,
    ...delivery,
    protocol,
    connections,
    anonymous,
    drainPerSecond: settings.drainPerSecond,
    stopFollowing() {
      followed.stop();
      presence.announcer.stop();
    },
    stopAuthenticating: () => access.authenticator.stop(),
    resources,
  });
}

function running(context: AdapterContext, health: HealthPort, stopping: Stopping): RunningAdapter {
  let stopped: Promise<void> | undefined;
  return {
    get identity() {
      return context.identity;
    },
    listening: stopping.protocol.listening,
    healthPort: health.port,
    stop({ graceMs }) {
      context.phase = 'stopping';
      return (stopped ??= stopAdapter(stopping, graceMs));
    },
    get lost() {
      return stopping.last.lost;
    },
  };
}
