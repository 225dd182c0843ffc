import { useMemo } from 'preact/hooks';
import type { CountsOverTime, Status, Summary } from '../logic/answers.ts';
import { maxRows, type RowFilter } from '../logic/device-table.ts';
import { reasonInWords } from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';
import { DeviceList } from './device-list.tsx';
import { useAsked, useFollowed, useNow } from './hooks.ts';
import { OnlineChart } from './online-chart.tsx';
import { Empty } from './empty.tsx';
import { Spans } from './spans.tsx';
import { tenantPath } from './service.ts';
import { StreamLine } from './stream-line.tsx';
import { Foreign } from './words.tsx';

const number = new Intl.NumberFormat('en');

/** The devices of a tenant: how many, which, and over time. */
export function TenantView(given: {
  readonly tenant: string;
  readonly route: Route;
  readonly change: Change;
  readonly again: number;
}) {
  const { tenant, route, change, again } = given;
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
      <Tiles counts={shown} route={route} change={change} />
      <div class="columns">
        <section class="devices" aria-label="Devices">
          <Filters route={route} change={change} table={followed.table} />
          <Rows followed={followed} route={route} change={change} tenant={tenant} nowMs={nowMs} />
        </section>
        <aside>
          <OverTime tenant={tenant} route={route} change={change} />
          <Flapping summary={summary} change={change} />
        </aside>
      </div>
    </>
  );
}

function Tiles({
  counts,
  route,
  change,
}: {
  readonly counts: Readonly<Record<string, number>>;
  readonly route: Route;
  readonly change: Change;
}) {
  return (
    <div class="tiles" role="group" aria-label="Filter by status">
      {(['online', 'offline', 'unknown'] as const).map((status) => (
        <button
          key={status}
          type="button"
          class={`tile ${status}`}
          aria-pressed={route.status === status}
          onClick={() => change({ status: route.status === status ? undefined : status })}
        >
          <b>{number.format(counts[status] ?? 0)}</b>
          <span class={`status ${status}`}>
            <i aria-hidden="true" />
            {status}
          </span>
        </button>
      ))}
    </div>
  );
}

function Filters({
  route,
  change,
  table,
}: {
  readonly route: Route;
  readonly change: Change;
  readonly table: { names(of: 'protocol' | 'reason'): readonly string[] };
}) {
  const choose = (name: string) => (value: string) => change({ [name]: value === '' ? undefined : value });
  return (
    <div class="filters">
      <input
        type="search"
        aria-label="Search for devices"
        placeholder="Search devices"
        value={route.search ?? ''}
        onInput={({ currentTarget }) => change({ search: currentTarget.value }, true)}
      />
      <Choice
        label="Status"
        value={route.status}
        choices={(['online', 'offline', 'unknown'] satisfies Status[]).map((each) => [each, each])}
        choose={choose('status')}
      />
      <Choice
        label="Protocol"
        value={route.protocol}
        choices={table.names('protocol').map((each) => [each, each])}
        choose={choose('protocol')}
      />
      <Choice
        label="Reason"
        value={route.reason}
        choices={table.names('reason').map((each) => [each, reasonInWords(each)])}
        choose={choose('reason')}
      />
      <Choice
        label="Changed"
        value={route.withinS === undefined ? undefined : String(route.withinS)}
        choices={[
          ['300', 'in 5 min'],
          ['3600', 'in 1 h'],
          ['86400', 'in 24 h'],
        ]}
        choose={(value) => change({ withinS: value === '' ? undefined : Number(value) })}
      />
      <Choice
        label="Order"
        value={route.order}
        choices={[
          ['name', 'by name'],
          ['latest', 'latest first'],
        ]}
        choose={(value) => change({ order: value as Route['order'] })}
        isAlways
      />
    </div>
  );
}

function Choice(given: {
  readonly label: string;
  readonly value: string | undefined;
  readonly choices: readonly (readonly [string, string])[];
  readonly isAlways?: boolean;
  choose(value: string): void;
}) {
  const { label, value, isAlways = false, choose } = given;
  const isListed = value === undefined || given.choices.some(([each]) => each === value);
  const choices = isListed ? given.choices : [...given.choices, [value, value] as const];
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value ?? ''} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {!isAlways && <option value="">all</option>}
        {choices.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function Rows(given: {
  readonly followed: ReturnType<typeof useFollowed>;
  readonly route: Route;
  readonly change: Change;
  readonly tenant: string;
  readonly nowMs: number;
}) {
  const { followed, route, change, tenant, nowMs } = given;
  const { status, protocol, reason, search, withinS, order } = route;
  // A filter by age goes on with time, in steps.
  const sinceMs = withinS === undefined ? undefined : Math.floor(nowMs / 5_000) * 5_000 - withinS * 1_000;
  const { rows, all } = useMemo(() => {
    const filter = { status, protocol, reason, search, sinceMs, order } as RowFilter;
    return { rows: followed.table.select(filter), all: followed.table.size };
  }, [followed.version, followed.table, status, protocol, reason, search, sinceMs, order]);
  return (
    <>
      <p class="found" role="status">
        {rows.length === all
          ? `${number.format(all)} devices`
          : `${number.format(rows.length)} of ${number.format(all)} devices`}
        {followed.state.name === 'snapshot' && ', reading …'}
        {followed.table.isCut &&
          ` – this page holds ${number.format(maxRows)} at most; find others by their full name`}
      </p>
      <DeviceList rows={rows} nowMs={nowMs} open={(device) => change({ device })} tenant={tenant} />
      {rows.length === 0 && all > 0 && search !== undefined && search !== '' && (
        <p class="none">
          No device here is named so.{' '}
          <button class="link" type="button" onClick={() => change({ device: search })}>
            Ask the service about “<Foreign text={search} />”
          </button>
        </p>
      )}
    </>
  );
}

function OverTime({
  tenant,
  route,
  change,
}: {
  readonly tenant: string;
  readonly route: Route;
  readonly change: Change;
}) {
  // Pages that are open at the same time ask the same: the service counts once.
  const nowMs = Math.floor(useNow(5_000) / 10_000) * 10_000;
  const { spanS } = route;
  const fromMs = nowMs - spanS * 1_000;
  const path = tenantPath(
    tenant,
    `timeline?from=${new Date(fromMs).toISOString()}&to=${new Date(nowMs).toISOString()}&step=${Math.ceil(spanS / 120)}`,
  );
  const { answer } = useAsked<CountsOverTime>(path, undefined);
  return (
    <>
      <section class="card" aria-label="Online over time">
        <div class="head">
          <h2>Online over time</h2>
          <Spans spanS={spanS} change={change} />
        </div>
        <OnlineChart counts={answer} />
      </section>
      <section class="card" aria-label="Why connections ended">
        <h2>Why connections ended</h2>
        <Endings endings={answer?.endings} chosen={route.reason} change={change} spanS={spanS} />
      </section>
    </>
  );
}

function Endings(given: {
  readonly endings: Readonly<Record<string, number>> | undefined;
  readonly chosen: string | undefined;
  readonly spanS: number;
  readonly change: Change;
}) {
  const { endings = {}, chosen, change, spanS } = given;
  const all = Object.entries(endings).toSorted(([, one], [, other]) => other - one);
  const most = all[0]?.[1] ?? 1;
  if (all.length === 0) return <p class="hint">None did in this time.</p>;
  return (
    <ul class="endings">
      {all.map(([reason, count]) => (
        <li key={reason}>
          <button
            type="button"
            aria-pressed={chosen === reason}
            title={`${reason}: show the devices that are offline for this reason since then`}
            onClick={() =>
              change(
                chosen === reason
                  ? { reason: undefined, status: undefined, withinS: undefined }
                  : { reason, status: 'offline', withinS: spanS, order: 'latest' },
              )
            }
          >
            <span class="words">{reasonInWords(reason)}</span>
            <meter min={0} max={most} value={count} aria-hidden="true" />
            <b>{number.format(count)}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Flapping({ summary, change }: { readonly summary: Summary | undefined; readonly change: Change }) {
  const flapping = summary?.flapping ?? [];
  return (
    <section class="card" aria-label="Devices that flap">
      <h2>Devices that flap</h2>
      {flapping.length === 0 ? (
        <p class="hint">None has more than {summary?.['flaps-per-hour'] ?? 10} changes in the last hour.</p>
      ) : (
        <ul class="flapping">
          {flapping.slice(0, 20).map(({ device, changes }) => (
            <li key={device}>
              <button class="link" type="button" onClick={() => change({ device, spanS: 3_600 })}>
                <Foreign text={device} />
              </button>
              <span>{number.format(changes)} changes in the last hour</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
