import type { ConnectionId, TenantId } from '@rollcall/core';
import { within, type Clock, type Log } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { Succession, UntoldEndings } from '@rollcall/core/directory';
import type { DeviceRegistry, Tenant } from '@rollcall/core/registry';
import type { OpenEntry, Recovered } from '../journal/journal.ts';
import { lastKnownTenant } from './last-known-tenant.ts';

/** How long to wait for a journal that does not answer before the next ones are ended. */
const patienceMs = 1_000;

/**
 * What other instances of a fleet know about a dead incarnation. `declaredAt`: when it was declared dead. `aliveAt`: when it last gave a
 * sign of life, if they publish its endings, and not this one; absent: they do so only if this process dies.
 */
export type Deceased = Pick<UntoldEndings, 'declaredAt'> & Partial<Pick<UntoldEndings, 'aliveAt'>>;

interface LostSessionsOptions {
  readonly registry: DeviceRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Who publishes the endings of an incarnation. If that is not known, this process does. */
  whose(instance: string): Promise<Succession>;
  /** See `ConnectionDirectory`. */
  untoldOf?(instance: string, connections: readonly ConnectedEvent[]): Promise<UntoldEndings | undefined>;
  /** Publishes the end. Resolves when it is safe; `undefined`: it already is. */
  end(entry: OpenEntry, tenant: Tenant, dead?: Deceased): Promise<void> | undefined;
}

interface LostSessions {
  /** Leases, which go on. */
  readonly leases: readonly OpenEntry[];
  /** Sessions whose endings others published, or will publish. */
  readonly byOthers: readonly ConnectionId[];
  /** Incarnations whose sessions were ended here, also if it is not known whether others publish their endings. */
  readonly ours: readonly string[];
  /** Resolves when those endings are safe. */
  readonly safe: Promise<unknown>;
}

/** Ends the sessions of earlier incarnations, some at a time. Leases go on. */
export async function endLostSessions(
  recovered: Pick<Recovered, 'open'>,
  options: LostSessionsOptions,
): Promise<LostSessions> {
  const { clock, log } = options;
  const endings = new Endings(options);
  for await (const batch of recovered.open()) {
    // However many sessions there are, few of them are in memory at a time.
    if (endings.committed) await within(endings.committed, patienceMs, clock);
    await endings.endAll(batch);
  }
  const { leases, byOthers, connections, unclear } = endings;
  if (connections > 0)
    log.warn({ connections }, 'an earlier run ended without notice: its sessions are lost');
  if (byOthers.length > 0)
    log.info(
      { connections: byOthers.length },
      'others of the fleet told that sessions of an earlier run are lost',
    );
  if (unclear > 0)
    log.info(
      { connections: unclear },
      'whether others tell that sessions are lost is asked at the next start',
    );
  // The journal stores endings in their order: the last one is safe after all others.
  return { leases, byOthers, ours: endings.ours(), safe: endings.committed ?? Promise.resolve() };
}

class Endings {
  readonly leases: OpenEntry[] = [];
  readonly byOthers: ConnectionId[] = [];
  /** How many sessions stay in the journal, since it is not known whether others publish their endings. */
  unclear = 0;
  connections = 0;
  committed: Promise<void> | undefined;
  readonly #options: LostSessionsOptions;
  readonly #tenants = new Map<TenantId, Tenant>();
  readonly #verdicts = new Map<string, Succession>();

  constructor(options: LostSessionsOptions) {
    this.#options = options;
  }

  ours(): readonly string[] {
    return [...this.#verdicts].flatMap(([instance, { whose }]) => (whose === 'others' ? [] : [instance]));
  }

  async endAll(batch: readonly OpenEntry[]): Promise<void> {
    const ofOthers = new Map<string, OpenEntry[]>();
    for (const entry of batch) {
      const { instance } = entry.event.adapter;
      if (entry.event.basis.kind !== 'session') {
        this.leases.push(entry);
        continue;
      }
      const verdict = this.#verdicts.get(instance) ?? (await this.#options.whose(instance));
      this.#verdicts.set(instance, verdict);
      if (verdict.whose !== 'others') await this.#end(entry, deceasedOf(verdict));
      else if (!ofOthers.get(instance)?.push(entry)) ofOthers.set(instance, [entry]);
    }
    for (const [instance, entries] of ofOthers) await this.#endUntold(instance, entries);
  }

  /** No other instance publishes the endings of connections that the directory did not know when their instance was declared dead. */
  async #endUntold(instance: string, entries: readonly OpenEntry[]): Promise<void> {
    const { untoldOf } = this.#options;
    const untold = await untoldOf?.(
      instance,
      entries.map(({ event }) => event),
    );
    if (untoldOf && !untold) {
      this.unclear += entries.length;
      return;
    }
    for (const entry of entries) {
      const { connectionId } = entry.event;
      if (untold?.connections.has(connectionId)) await this.#end(entry, untold);
      else this.byOthers.push(connectionId);
    }
  }

  async #end(entry: OpenEntry, dead?: Deceased): Promise<void> {
    const { registry, end } = this.#options;
    const { tenant } = entry.event.device;
    const known = this.#tenants.get(tenant) ?? (await lastKnownTenant(tenant, registry));
    this.#tenants.set(tenant, known);
    this.committed = end(entry, known, dead);
    this.connections += 1;
  }
}

function deceasedOf(succession: Succession): Deceased | undefined {
  const declaredAt = succession.whose === 'ours' ? succession.declaredAt : undefined;
  return declaredAt === undefined ? undefined : { declaredAt };
}
