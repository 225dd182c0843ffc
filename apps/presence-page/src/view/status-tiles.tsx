import type { Change, Route } from '../logic/route.ts';

const number = new Intl.NumberFormat('en');

/** How many devices are online, offline and unknown; a click shows those alone. */
export function StatusTiles({
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
