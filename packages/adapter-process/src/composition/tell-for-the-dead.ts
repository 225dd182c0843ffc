import type { ConnectionId, TenantId, Timestamp } from '@rollcall/core';
import type { CreateUndertaker, DeadInstance, OwedEnding, PublishingSignal } from '@rollcall/core/directory';
import type { DeviceRegistry, Tenant } from '@rollcall/core/registry';
import { lastKnownTenant } from '@rollcall/outbox/internal';
import { decidedAt, stampOwed } from '@rollcall/presence/internal';
import type { ResourceStack } from '@rollcall/runtime';
import type { AdapterContext } from './adapter-context.ts';
import type { Delivery } from './open-delivery.ts';

/** Endings of the dead wait for sinks up to this share of the outbox: the rest is for the devices here. */
const shareOfOutbox = 0.5;
/** Endings of the dead that are on their way at a time. */
const maxUnderWay = 2_000;

/** Counts what is done for dead instances. */
export interface DeadCounts {
  /** An instance was declared dead by this one. */
  declared(): void;
  /** An ending of a dead instance was published and confirmed. */
  told(): void;
}

/**
 * Publishes, through this adapter's outbox, how connections of dead instances ended. The fleet keeps each ending until every sink has it, so
 * that nothing is lost if this adapter dies meanwhile.
 */
class DeadTeller {
  readonly #context: Pick<AdapterContext, 'settings'>;
  readonly #delivery: Pick<Delivery, 'relay' | 'outbox'>;
  readonly #registry: DeviceRegistry;
  readonly #counts: DeadCounts;
  /** Others may be asked meanwhile, and then this one again. */
  readonly #underWay = new Map<ConnectionId, Promise<boolean>>();
  #isStopped = false;

  constructor(
    context: Pick<AdapterContext, 'settings'>,
    delivery: Pick<Delivery, 'relay' | 'outbox'>,
    registry: DeviceRegistry,
    counts: DeadCounts,
  ) {
    this.#context = context;
    this.#delivery = delivery;
    this.#registry = registry;
    this.#counts = counts;
  }

  /** Publishes nothing more, and waits for nothing: endings that are on their way stay owed in the fleet. */
  stop(): void {
    this.#isStopped = true;
    this.#delivery.outbox.stopRelaying();
  }

  /** See `UndertakerContext`. */
  async tell(
    dead: DeadInstance,
    owed: readonly OwedEnding[],
    now: Timestamp,
  ): Promise<readonly ConnectionId[]> {
    const tenants = new Map<TenantId, Tenant>();
    for (const { event } of owed) {
      const { tenant } = event.device;
      if (!tenants.has(tenant)) tenants.set(tenant, await lastKnownTenant(tenant, this.#registry));
    }
    if (this.#isStopped) return [];
    const outcomes = owed.flatMap((each) => {
      const tenant = tenants.get(each.event.device.tenant);
      const { connectionId } = each.event;
      if (!tenant || (!this.#underWay.has(connectionId) && !this.#mayTell(dead, each, now))) return [];
      return [this.#tellOne(dead, each, tenant).then((isTold) => (isTold ? connectionId : undefined))];
    });
    return (await Promise.all(outcomes)).filter((connection) => connection !== undefined);
  }

  /** A lease that has not run out may be taken by an instance that hears its device, unless another one has its place. */
  #mayTell(dead: DeadInstance, owed: OwedEnding, now: Timestamp): boolean {
    const { settings } = this.#context;
    const { lease, reason } = owed;
    const mayGoOn = lease !== undefined && reason === 'adapter-lost';
    if (mayGoOn && (lease.state.leftMs > 0 || now < decidedAt(dead, owed))) return false;
    if (this.#underWay.size >= maxUnderWay) return false;
    const most = settings.outbox.maxEvents * shareOfOutbox;
    return this.#delivery.outbox.depth().every(({ events }) => events < most);
  }

  #tellOne(dead: DeadInstance, owed: OwedEnding, tenant: Tenant): Promise<boolean> {
    const { event, unconfirmed } = owed;
    const { connectionId } = event;
    let telling = this.#underWay.get(connectionId);
    if (!telling) {
      const ending = owed.ending ?? stampOwed(dead, owed);
      telling = this.#delivery.relay(unconfirmed ? [event, ending] : [ending], tenant).then((isTold) => {
        this.#underWay.delete(connectionId);
        if (isTold) this.#counts.told();
        return isTold;
      });
      this.#underWay.set(connectionId, telling);
    }
    return telling;
  }
}

/** From now on, this adapter publishes the endings of dead adapters of its fleet. */
export async function tellForTheDead(
  create: CreateUndertaker,
  context: AdapterContext,
  {
    delivery,
    registry,
    counts,
    signal,
  }: {
    readonly delivery: Delivery;
    readonly registry: DeviceRegistry;
    readonly counts: DeadCounts;
    /** Absent: signs of life alone decide who is dead. */
    readonly signal?: PublishingSignal | undefined;
  },
  resources: ResourceStack,
): Promise<void> {
  const { clock, random, log, settings } = context;
  const teller = new DeadTeller(context, delivery, registry, counts);
  const undertaker = await create({
    clock,
    random,
    log,
    deadAfterMs: settings.deadAfterMs,
    ...(signal && { signal }),
    declared: () => counts.declared(),
    tell: (dead, owed, now) => teller.tell(dead, owed, now),
  });
  resources.defer(() => {
    const stopped = undertaker.stop();
    teller.stop();
    return stopped;
  });
}
