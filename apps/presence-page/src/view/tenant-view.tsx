import { useMemo } from 'preact/hooks';
import type { Summary } from '../logic/answers.ts';
import type { Change, Route } from '../logic/route.ts';
import { Empty } from './empty.tsx';
import { Flapping } from './flapping.tsx';
import { useAsked, useFollowed, useNow } from './hooks.ts';
import { OverTime } from './over-time.tsx';
import { tenantPath } from './service.ts';
import { StatusTiles } from './status-tiles.tsx';
import { StreamLine } from './stream-line.tsx';
import { TenantFilters } from './tenant-filters.tsx';
import { TenantRows } from './tenant-rows.tsx';
import { WhoLeft } from './who-left.tsx';
import { Foreign } from './words.tsx';

/** The devices of a tenant: how many, which, and over time. */
export function TenantView(given: {
  readonly tenant: string;
  readonly route: Route;
  readonly change: Change;
  readonly again: number;
  /** The device that was looked at before. */
  readonly begin: string | undefined;
}) {
  const { tenant, route, change, again, begin } = given;
  const followed = useFollowed(tenant, again);
  const nowMs = useNow(1_000);
  const { answer: summary } = useAsked<Summary>(tenantPath(tenant, 'summary'), 5_000);
  const counts = useMemo(() => followed.table.counts(), [followed.version, followed.table]);
  const isReading = followed.state.name === 'connecting' || followed.state.name === 'snapshot';
  if (followed.state.name === 'live' && followed.table.size === 0)
    return (
      <>
        <StreamLine followed={followed} nowMs={nowMs} asOf={summary?.['as-of']} />
        <Empty problem={undefined} isAsked />
      </>
    );
  const shown = followed.table.isCut || isReading ? (summary?.devices ?? counts) : counts;
  return (
    <>
      <h1 class="hidden">
        Devices of <Foreign text={tenant} />
      </h1>
      <StreamLine followed={followed} nowMs={nowMs} asOf={summary?.['as-of']} />
      <StatusTiles counts={shown} route={route} change={change} />
      <div class="columns">
        <section class="devices" aria-label={route.ended === undefined ? 'Devices' : 'Who left'}>
          {route.ended === undefined ? (
            <>
              <TenantFilters route={route} change={change} table={followed.table} />
              <TenantRows {...{ followed, route, change, tenant, nowMs, begin }} />
            </>
          ) : (
            <WhoLeft
              key={`${route.ended} ${route.spanS}`}
              {...{ tenant, route, change, nowMs, begin, reason: route.ended }}
            />
          )}
        </section>
        <aside>
          <OverTime {...{ tenant, route, change }} asOf={summary?.['as-of']} />
          <Flapping {...{ tenant, summary, change }} />
        </aside>
      </div>
    </>
  );
}
