import type { UploadFailure } from '@rollcall/core/device-data';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import type { DirectoryStanding, DirectoryStatus, FleetSight } from '@rollcall/core/directory';
import type { RegistryServices, RegistryState } from '@rollcall/core/registry';
import type { AccessObserver } from '@rollcall/access/internal';
import type { FollowedState } from '@rollcall/file-follower';
import type { TurnedAwayCause } from '../turned-away-cause.ts';
import type { DeliveryObserver, SinkDepth } from '@rollcall/outbox/internal';
import type { UploadRequest, UploadResult } from '@rollcall/uplink';
import type { AppMetrics } from './app-metrics.ts';

/** An upload of a device has its outcome, and the device was told. */
export interface FinishedUpload {
  readonly request: UploadRequest;
  readonly result: UploadResult;
  readonly durationMs: number;
}

/** What a part of the adapter holds now: read when it is asked for. */
export interface ObservedState {
  readonly presence: {
    /** Connected devices, by tenant. */
    byTenant(): ReadonlyMap<string, number>;
    /** Connections of anonymous devices. */
    anonymous(): number;
  };
  readonly authentication: {
    /** Devices that wait for their turn. */
    waiting(): number;
  };
  readonly outbox: {
    depth(): readonly SinkDepth[];
    /** Memory of the events that wait, in bytes, about. */
    memoryBytes(): number;
  };
  readonly journal: {
    /** Whether events are kept in memory alone. */
    behind(): boolean;
    /** How often a new file had to be begun. */
    begunAnew(): number;
    /** Events that waited at the start for sinks that are not configured, by sink. */
    readonly unread: Readonly<Record<string, number>>;
  };
  /** Certificates and secrets in files. */
  readonly files: { states(): readonly FollowedState[] };
  /** Only of a registry that answers from what it read earlier. */
  readonly registry: { state(): RegistryState };
  /** Only of a registry that asks services. */
  readonly 'registry-services': { services(): RegistryServices };
  /** Only of an adapter that is in a fleet. */
  readonly directory: {
    status(): DirectoryStatus;
    /** `undefined`: the engine does not answer. */
    sight(): FleetSight | undefined;
    /** Connections that were entered, by what the directory answered in time. */
    answers(): Readonly<Record<DirectoryStanding, number>>;
    /** What happened since the start, by a name of our code. */
    counts(): Readonly<Record<string, number>>;
  };
}

/**
 * What watches an adapter at work, such as its metrics or tracing. It gets facts, in the tick in which they
 * happen; it must be quick. What it throws is contained and changes nothing, apart from {@link watch} and what {@link AppMetrics} has,
 * which are called while the adapter starts.
 */
export interface AdapterObserver extends AppMetrics, AccessObserver, DeliveryObserver {
  /** An event is stamped, and about to be handed to the journal and the sinks. */
  published(event: ConnectionEvent): void;
  /** An open connection is announced. */
  announced(event: ConnectedEvent): void;
  uploaded(upload: FinishedUpload): void;
  /** An upload failed, and its device does not hear of it. `status` as HTTP has it. */
  dropped(status: UploadFailure['status']): void;
  /** A network connection was closed because there was no place for it. */
  turnedAway(cause: TurnedAwayCause, remoteIp: string): void;
  /** Serving one peer threw, and cost that peer alone. `where`: a place in our code. */
  failed(where: string, error: unknown): void;
  /** Called once for each part that there is, before any device is served. */
  watch<Part extends keyof ObservedState>(part: Part, state: ObservedState[Part]): void;
}
