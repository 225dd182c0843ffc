import {
  type AdapterIdentity,
  type Clock,
  type DeviceDataSender,
  type DeviceRegistry,
  type EventSink,
  type Log,
  type PasswordVerifier,
  type Random,
  type TenantId,
} from '@rollcall/core';
import { createAccessBook } from './access/access-book.ts';
import { announceAgain } from './announcing/announce-again.ts';
import { createAnnouncer } from './announcing/announcer.ts';
import { admit } from './authentication/admission.ts';
import type { AdmissionLimits } from './authentication/admission-queue.ts';
import { createAuthenticator, defaultLogins, type LoginSettings } from './authentication/authenticator.ts';
import { refuse, type Refused } from './authentication/refuse.ts';
import { containedClock, createFailureReport, serveAll } from '@rollcall/containment';
import { neverRejects } from './containment/never-rejects.ts';
import { createTurnedAway } from './listening/turned-away.ts';
import type { EarlyHealth, HealthAnswers } from './health/early-health.ts';
import { startHealthServer } from './health/health-server.ts';
import { readinessOfOthers } from './health/readiness.ts';
import { createLoopWatch, type LoopWatch } from './lateness/loop-watch.ts';
import { createAdapterMetrics } from './metrics/adapter-metrics.ts';
import { addJournalMetrics } from './metrics/journal-metrics.ts';
import { createFollowedFiles, type FollowedFiles } from './followed-files/followed-files.ts';
import { addCertificateMetrics } from './metrics/certificate-metrics.ts';
import { addRegistryMetrics } from './metrics/registry-metrics.ts';
import type { Journal } from './journal/journal.ts';
import { keepNoting } from './journal/keep-noting.ts';
import { createMemoryJournal } from './journal/memory-journal.ts';
import type { LostEvents } from './outbox/lost-events.ts';
import { createOutbox, type OutboxBounds } from './outbox/outbox.ts';
import type {
  AdapterHost,
  AuthenticationResult,
  ListenAddress,
  ProtocolAdapter,
  RunningProtocol,
} from './protocol-adapter.ts';
import { stopAdapter } from './lifecycle/stop-adapter.ts';
import { restoreLease } from './leases/restored-lease.ts';
import { createRhythmStore } from './leases/rhythm-store.ts';
import { watchRegistry } from './leases/watch-registry.ts';
import { endLostSessions } from './recovery/end-lost-sessions.ts';
import { resumePending } from './recovery/resume-pending.ts';
import { createEpochSource } from './stamping/epoch-source.ts';
import { stampLost } from './stamping/stamp.ts';
import { factsOfJournal, tellOfJournal } from './stamping/tell-of-journal.ts';
import { createWallTime } from './stamping/wall-time.ts';
import { uuidV7 } from './stamping/uuid-v7.ts';
import { createAnonymousConnections } from './tracking/anonymous-connections.ts';
import { createConnections, type OpenEvent } from './tracking/connections.ts';
import { downstreamOf } from './outbox/downstream-of.ts';
import { createMessageRate } from './upload/message-rate.ts';
import { failedInside, tooManyMessages, upload, type UploadContext } from './upload/upload.ts';

export interface AdapterParts {
  readonly adapter: ProtocolAdapter;
  readonly registry: DeviceRegistry;
  readonly passwords: PasswordVerifier;
  readonly sinks: readonly EventSink[];
  readonly sender: DeviceDataSender;
  /** Default: one in memory, which ends with the adapter. */
  readonly journal?: Journal;
  readonly clock: Clock;
  /** Default: one on `clock`. */
  readonly loop?: LoopWatch;
  readonly random: Random;
  readonly log: Log;
  /** Certificates and secrets in files that are used already; default: none. */
  readonly files?: FollowedFiles;
  /** Where probes and metrics are answered already; default: as the settings say. */
  readonly health?: EarlyHealth;
  readonly settings: AdapterRunSettings;
}

export interface AdapterRunSettings {
  /** Stable name of this adapter; one journal each. */
  readonly adapterId: string;
  readonly exposeRemoteAddress: boolean;
  readonly maxConnections: number;
  /** What devices that connect at once may use. */
  readonly admission: AdmissionLimits;
  /** Sessions that a device may have at a time, where the registry says nothing; 0: no limit, default 100. */
  readonly maxSessionsPerDevice?: number;
  /** Default: {@link defaultLogins}. */
  readonly logins?: LoginSettings;
  /** Of one device; 0: no limit. */
  readonly maxMessagesPerSecond: number;
  /** Sessions that a stop ends in a second, before it ends the rest; default 0: all at once. */
  readonly drainPerSecond?: number;
  /** Longest time a device waits for the journal before it is answered. */
  readonly commitWaitMs: number;
  /** How often each open connection is announced again; 0: never. */
  readonly announceIntervalMs: number;
  readonly outbox: OutboxBounds;
  /** Where probes and metrics are answered; absent: nowhere. */
  readonly health?: { readonly host: string; readonly port: number };
}

export interface RunningAdapter {
  readonly identity: AdapterIdentity;
  readonly listening: readonly ListenAddress[];
  /** The port of the health server, if any. */
  readonly healthPort: number | undefined;
  /**
   * Lets nobody in, ends open connections with `adapter-shutdown`, waits up to `graceMs` until the sinks confirmed
   * what was published, and closes everything. Idempotent. See {@link stopAdapter}.
   */
  stop(options: { readonly graceMs: number }): Promise<void>;
  /** Once it has stopped: what the sinks will never get. Empty: everything was confirmed, or is in the journal. */
  readonly lost: readonly LostEvents[];
}

/** First wait and longest wait between tries of one event. */
const backoff = { firstMs: 100, maxMs: 5_000 };
/** Events in flight at a time, per sink and tenant. */
const deliveryWindow = 1_000;
/** A journal that does not answer for so long holds no event back. */
const sendAfterMs = 1_000;
/** Lease holders, present or not, whose rhythm is known. */
const maxRememberedRhythms = 200_000;

/**
 * Puts a protocol adapter to work: what its trackers decide is stamped, journaled and shipped to the sinks.
 *
 * @throws TransportError where a port cannot be bound, or the journal not be opened.
 */
export async function startAdapter(parts: AdapterParts): Promise<RunningAdapter> {
  const { adapter, sender, clock, random, log, settings } = parts;
  const journal = parts.journal ?? createMemoryJournal();
  const identity: AdapterIdentity = {
    type: adapter.type,
    id: settings.adapterId,
    instance: uuidV7(clock.now(), random),
  };

  const giveUp = async (cause: unknown): Promise<never> => {
    await Promise.all([...parts.sinks, sender].map((each) => each.close()));
    throw cause;
  };
  const recovered = await journal.recover().catch(giveUp);
  const metrics = createAdapterMetrics(adapter.type, {
    connections: () => connections.byTenant(),
    outbox: () => outbox.depth(),
    outboxMemoryBytes: () => outbox.memoryBytes(),
    journalBehind: () => journal.behind(),
    anonymousConnections: () => anonymous.count,
    connectsWaiting: () => authenticator.waiting,
    now: () => clock.now(),
  });
  const { failed, counts: failures } = createFailureReport({ clock, log });
  metrics.app.counter(
    {
      name: 'rollcall_failures_contained_total',
      help: 'What serving one peer threw, and cost that peer alone',
      label: 'where',
    },
    () => failures,
  );
  const files = parts.files ?? createFollowedFiles({ clock, log });
  addRegistryMetrics(metrics.app, parts.registry);
  addCertificateMetrics(metrics.app, files);
  const outbox = createOutbox({
    sinks: parts.sinks,
    journal,
    clock,
    random,
    log,
    bounds: settings.outbox,
    backoff,
    window: deliveryWindow,
    sendAfterMs: Math.max(settings.commitWaitMs, sendAfterMs),
    owed: recovered.owed,
    observer: {
      delivered: (sink, { event }) => metrics.delivered(sink, clock.now() - event.at),
      retried(sink, cause) {
        metrics.retried(sink);
        log.debug({ sink, err: cause }, 'event will be sent again');
      },
      parked(sink, { event }, cause) {
        metrics.parked(sink);
        log.debug({ sink, eventId: event.id, err: cause }, 'event was refused and is parked');
      },
      leftOut: (sink) => metrics.leftOut(sink),
    },
  });

  const watched = watchRegistry(parts.registry, clock, (available) => {
    log.warn({}, available ? 'device registry is back' : 'device registry is away: lease clocks stand still');
    connections.servingChanged(available);
    if (available) access.registryIsBack();
  });
  const { registry } = watched;
  const access = createAccessBook({
    registry,
    clock,
    log,
    failed,
    adapterType: adapter.type,
    ...(adapter.credentialsTypes && { credentialsTypes: adapter.credentialsTypes }),
  });

  const startSending = outbox.hold();
  addJournalMetrics(metrics.app, journal, await resumePending(recovered, outbox, log).catch(giveUp));

  const announcer = createAnnouncer<OpenEvent>({ clock, random }, settings.announceIntervalMs, (open) => {
    metrics.announced();
    try {
      const event = announceAgain(open, settings.announceIntervalMs, journalFacts);
      outbox.announce({
        event,
        downstream: downstreamOf(open.description.identity.tenant),
        announcement: true,
      });
    } catch (error) {
      failed('announcement', error);
    }
  });
  const journalFacts = factsOfJournal(recovered);
  journal.usedBy(identity.instance);
  const nextEpoch = createEpochSource(clock, recovered.highWater);
  const loop = parts.loop ?? createLoopWatch(clock);
  const connections = createConnections({
    clock,
    failed,
    loop,
    access,
    announcer,
    commitWaitMs: settings.commitWaitMs,
    stamp: {
      clock,
      random,
      identity,
      nextEpoch,
      exposeRemoteAddress: settings.exposeRemoteAddress,
      journalFor: tellOfJournal(journalFacts),
      loop,
      wall: createWallTime(clock),
    },
    publish(event, description) {
      metrics.published(event);
      // From here on it is everybody's.
      return serveAll(() => outbox.append({ event, downstream: downstreamOf(description.identity.tenant) }));
    },
    coalescedOf: (device) => outbox.coalescedOf(device),
  });
  const provedTenants = new Set<TenantId>();
  const leases = await endLostSessions(recovered, { registry, clock, log }, (entry, tenant) => {
    provedTenants.add(tenant.id);
    const lost = stampLost(
      entry,
      'adapter-lost',
      { clock, random, nextEpoch },
      outbox.coalescedOf(entry.event.device),
    );
    metrics.published(lost);
    return outbox.append({ event: lost, downstream: downstreamOf(tenant) });
  }).catch(giveUp);
  for (const { event } of leases) provedTenants.add(event.device.tenant);
  startSending();
  const rhythms = createRhythmStore(maxRememberedRhythms, recovered.rhythms);
  const restored = await Promise.all(leases.map((entry) => restoreLease(entry, registry, clock)));

  const anonymous = createAnonymousConnections({ clock, loop, failed });
  const authenticator = createAuthenticator({
    registry,
    passwords: parts.passwords,
    clock,
    random,
    log,
    adapterType: adapter.type,
    admission: settings.admission,
    logins: settings.logins ?? defaultLogins,
    recovered: recovered.proofs,
    onRefused(reason, problem) {
      metrics.attempt(reason);
      metrics.refused(problem ?? reason);
    },
  });
  // Else holders of leases would wait among strangers until one of their tenant came through.
  for (const tenant of provedTenants) authenticator.provedTenant(tenant);

  const turnedAway = createTurnedAway(clock, log, metrics.app);
  const messageRate = createMessageRate(clock, settings.maxMessagesPerSecond);
  const uploadContext: UploadContext = {
    adapterType: adapter.type,
    registry,
    sender,
    clock,
    random,
    allowsAnonymous: (device) => messageRate.allows(device),
  };

  const unavailable = (error: unknown): Refused => {
    failed('authentication', error);
    metrics.attempt('unavailable');
    return refuse('unavailable');
  };
  const letIn = (work: () => Promise<AuthenticationResult>): Promise<AuthenticationResult> =>
    neverRejects(() => access.letIn(work, (device) => authenticator.reauthorize(device)), unavailable);
  const host: AdapterHost = {
    clock: containedClock(clock),
    random,
    log,
    identity,
    metrics: metrics.app,
    turnedAway: turnedAway.count,
    followFiles: (set) => files.follow(set),
    failed,
    authenticate: (login) => letIn(() => authenticator.authenticate(login)),
    findPsk: (login) => neverRejects(() => access.lookUp(() => authenticator.findPsk(login)), unavailable),
    reauthorize: (device) => letIn(() => authenticator.reauthorize(device)),
    holdProof: (device, ended) => access.holdProof(device, ended),
    isShared: (remoteIp) => (settings.logins ?? defaultLogins).isShared(remoteIp),
    refused: (cause, remoteIp, name) => authenticator.refused(cause, remoteIp, name),
    proved: (device) => authenticator.proved(device),
    admit(device, slot) {
      if (device) authenticator.provedTenant(device.device.tenant);
      // It may have been let in a while ago, as in AMQP.
      const outdated = device !== undefined && access.mayBeOutdated(device);
      // With leases there is nothing to drain: a request that was begun is served.
      const isDraining =
        phase === 'stopping' && (settings.drainPerSecond ?? 0) > 0 && adapter.presence !== 'lease';
      const refusal =
        outdated || isDraining
          ? refuse('busy').refusal
          : admit(
              device,
              {
                count: connections.count + anonymous.count,
                countOf: (tenant) => connections.countOf(tenant),
                makeRoomFor: (which, limit) => connections.makeRoomFor(which, slot, limit),
              },
              { maxSessionsPerDevice: 100, ...settings },
            );
      metrics.attempt(refusal?.reason ?? 'succeeded', device?.device.tenant);
      if (refusal) {
        metrics.refused(refusal.reason);
        log.debug({ ...device?.device, reason: refusal.reason }, 'device refused');
      }
      return refusal;
    },
    open: (tracker, description) => connections.open(tracker, description),
    openAnonymous: (tracker, connection) => anonymous.open(tracker, connection),
    leasesSurvive: parts.journal !== undefined,
    restored: restored.filter((lease) => lease !== undefined),
    resume: (tracker, description, event) => connections.resume(tracker, description, event),
    rhythms,
    async upload(request) {
      const begun = clock.monotonic();
      const result =
        request.by && !messageRate.allows(request.by.device)
          ? tooManyMessages
          : await neverRejects(
              () => upload(request, uploadContext),
              (error) => {
                failed('upload', error);
                return failedInside;
              },
            );
      metrics.uploaded(request, result, clock.monotonic() - begun);
      return result;
    },
  };

  let phase: 'starting' | 'running' | 'stopping' = 'starting';
  const answers: HealthAnswers = {
    failed,
    turnedAway: (remoteIp) => turnedAway.count('health', remoteIp),
    started: () => [{ name: 'protocol-adapter', status: phase === 'starting' ? 'DOWN' : 'UP' }],
    readiness: () => [
      { name: 'protocol-adapter', status: phase === 'running' ? 'UP' : 'DOWN' },
      ...readinessOfOthers({
        registry: parts.registry,
        sinks: parts.sinks,
        sender,
        files: files.states(),
        depth: outbox.depth(),
        journalBehind: journal.behind(),
        now: clock.now(),
      }),
    ],
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
  };
  const health =
    parts.health?.become(answers) ??
    (settings.health && (await startHealthServer({ ...settings.health, ...answers, log })));

  let protocol: RunningProtocol;
  try {
    protocol = await adapter.start(host);
  } catch (error) {
    access.stop();
    files.stop();
    watched.stop();
    announcer.stop();
    loop.stop();
    connections.stop();
    await health?.close();
    turnedAway.stop();
    await outbox.close();
    await sender.close();
    throw error;
  }
  phase = 'running';
  // Leases that were taken up while the registry was away did not hear of it.
  if (!connections.serving) connections.servingChanged(false);
  // What the registry says of devices that were present before may have changed meanwhile.
  if (host.restored.length > 0) await access.review();

  journal.backedBy(() => ({
    ...outbox.holdings(),
    rhythms: rhythms.learned(),
    proofs: authenticator.stored(),
  }));
  const noting = keepNoting(clock, journal, connections, rhythms, authenticator);

  let lost: readonly LostEvents[] = [];
  async function stop(graceMs: number): Promise<void> {
    phase = 'stopping';
    lost = await stopAdapter(
      {
        protocol,
        connections,
        anonymous,
        outbox,
        journal,
        sender,
        clock,
        random,
        log,
        drainPerSecond: settings.drainPerSecond ?? 0,
        stopFollowing() {
          access.stop();
          watched.stop();
          announcer.stop();
        },
        stopAuthenticating: () => authenticator.stop(),
        stopWatching() {
          connections.stop();
          loop.stop();
          noting.stop();
        },
        async stopAnswering() {
          await health?.close();
          turnedAway.stop();
        },
      },
      graceMs,
    );
  }

  let stopped: Promise<void> | undefined;
  return {
    identity,
    listening: protocol.listening,
    healthPort: health?.port,
    stop: ({ graceMs }) => (stopped ??= stop(graceMs)),
    get lost() {
      return lost;
    },
  };
}
