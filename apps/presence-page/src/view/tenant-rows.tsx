import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { maxRows, type RowFilter } from '../logic/device-table.ts';
import type { Change, Route } from '../logic/route.ts';
import { DeviceList } from './device-list.tsx';
import type { useFollowed } from './hooks.ts';
import { Foreign } from './words.tsx';

const number = new Intl.NumberFormat('en');

/** The devices of a tenant that the filters let through, and how many they are. */
export function TenantRows(given: {
  readonly followed: ReturnType<typeof useFollowed>;
  readonly route: Route;
  readonly change: Change;
  readonly tenant: string;
  readonly nowMs: number;
  /** Where the reader was. */
  readonly begin: string | undefined;
}) {
  const { followed, route, change, tenant, nowMs, begin } = given;
  const { status, protocol, reason, search, withinS, order } = route;
  // A filter by age goes on with time, in steps.
  const sinceMs = withinS === undefined ? undefined : Math.floor(nowMs / 5_000) * 5_000 - withinS * 1_000;
  const { rows, all } = useMemo(() => {
    const filter = { status, protocol, reason, search, sinceMs, order } as RowFilter;
    return { rows: followed.table.select(filter), all: followed.table.size };
  }, [followed.version, followed.table, status, protocol, reason, search, sinceMs, order]);
  const found = foundInWords(rows.length, all);
  const filters = [status, protocol, reason, search, withinS].join(' ');
  return (
    <>
      <p class="found">
        {found}
        {followed.state.name === 'snapshot' && ', reading …'}
        {followed.table.isCut &&
          ` – this page holds ${number.format(maxRows)} at most; find others by their full name`}
      </p>
      {rows.length === 0 && all > 0 && reason !== undefined && (
        <p class="none">
          No device fits. One that left and came back is not offline:{' '}
          <button class="link" type="button" onClick={() => change({ ended: reason })}>
            show all who left so
          </button>
        </p>
      )}
      {rows.length === 0 && all > 0 && search !== undefined && search !== '' && (
        <p class="none">
          No device here is named so.{' '}
          <button class="link" type="button" onClick={() => change({ device: search })}>
            Ask the service about “<Foreign text={search} />”
          </button>
        </p>
      )}
      <Heard words={found} at={filters} />
      <DeviceList
        {...{ rows, nowMs, tenant }}
        begin={followed.state.name === 'live' ? begin : undefined}
        open={(device) => change({ device })}
      />
    </>
  );
}

function foundInWords(found: number, all: number): string {
  if (found < all) return `${number.format(found)} of ${number.format(all)} devices`;
  return all === 1 ? '1 device' : `${number.format(all)} devices`;
}

const settledMs = 700;
const heardMs = 5_000;

/** Says something to who listens to the page when `at` becomes another, and has settled; not when `words` alone do. */
function Heard({ words, at }: { readonly words: string; readonly at: string }) {
  const isFirst = useRef(true);
  const [said, say] = useState('');
  useEffect(() => {
    if (isFirst.current) return void (isFirst.current = false);
    const timers = [setTimeout(() => say(words), settledMs), setTimeout(() => say(''), heardMs)];
    return () => timers.forEach(clearTimeout);
  }, [at]);
  return (
    <p class="hidden" role="status">
      {said}
    </p>
  );
}
