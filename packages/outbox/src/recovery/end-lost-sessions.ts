import type { ConnectionId, TenantId } from '@rollcall/core';
import { within, type Clock, type Log } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { Succession, UntoldEndings } from '@rollcall/core/directory';
import type { DeviceRegistry, Tenant } from '@rollcall/core/registry';
import type { OpenEntry, Recovered } from '../journal/journal.ts';
import { lastKnownTenant } from './last-known-tenant.ts';

/** How long the next ones wait for a journal that does not answer. */
const patienceMs = 1_000;

/**
 * What others of a fleet know of an incarnation. `declaredAt`: when it was declared dead. `aliveAt`: when it last gave a sign of life,
 * where they tell its endings, and not this one; absent: they do if this process should die.
 */
export type Deceased = Pick<UntoldEndings, 'declaredAt'> & Partial<Pick<UntoldEndings, 'aliveAt'>>;

export interface LostSessionsOptions {
  readonly registry: DeviceRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Who tells the endings of an incarnation. Where that is not known, this process does. */
  whose(instance: string): Promise<Succession>;
  /** See `ConnectionDirectory`. */
  untoldOf?(instance: string, connections: readonly ConnectedEvent[]): Promise<UntoldEndings | undefined>;
  /** Resolves when the end is safe; `undefined` says that it is already. */
  end(entry: OpenEntry, tenant: Tenant, dead?: Deceased): Promise<void> | undefined;
}

export interface LostSessions {
  /** They live on. */
  readonly leases: readonly OpenEntry[];
  /** Sessions that were told to have ended, or will be, by others. */
  readonly byOthers: readonly ConnectionId[];
  /** Incarnations whose sessions were ended here, also where it is not known whether others tell of them. */
  readonly ours: readonly string[];
  /** Resolves when those endings are safe. */
  readonly safe: Promise<unknown>;
}

/** Sessions end with the process that held them, some at a time. Leases live on. */
export async function endLostSessions(
  recovered: Pick<Recovered, 'open'>,
  options: LostSessionsOptions,
): Promise<LostSessions> {
  const { clock, log } = options;
  const endings = new Endings(options);
  for await (const batch of recovered.open()) {
    // However many they are, few of them are in memory at a time.
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
  // The journal keeps them in their order: the last one is safe after all others.
  return { leases, byOthers, ours: endings.ours(), safe: endings.committed ?? Promise.resolve() };
}

class Endings {
  readonly leases: OpenEntry[] = [];
  readonly byOthers: ConnectionId[] = [];
  /** Of these it is not known whether others tell their endings: they stay in the journal. */
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

  /** What the directory did not know when its instance was declared dead is told by nobody else. */
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
