import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../logic/device-table.ts';
import { certaintyInWords, reasonInWords } from '../logic/in-words.ts';
import { visibleRows } from '../logic/visible-rows.ts';
import { DeviceLink } from './device-link.tsx';
import { isFocusFree } from './hooks.ts';
import { Foreign, StatusDot, Time } from './words.tsx';

/** As in the style sheet: 380 pixels are too few for one line. */
const rowHeights = { wide: 44, narrow: 78 } as const;
const narrow = matchMedia('(max-width: 640px)');

/** Only rows in sight are drawn. Arrow keys go from row to row. @param given.begin the device to be at. */
// oxlint-disable-next-line eslint/max-lines-per-function -- most of it is markup
export function DeviceList(given: {
  readonly rows: readonly Row[];
  readonly tenant: string;
  readonly nowMs: number;
  readonly begin: string | undefined;
  open(device: string): void;
}) {
  const { rows, tenant, nowMs, begin, open } = given;
  const box = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const [height, setHeight] = useState(600);
  const [isNarrow, setNarrow] = useState(narrow.matches);
  const [focused, setFocused] = useState<number | undefined>();
  const rowHeight = rowHeights[isNarrow ? 'narrow' : 'wide'];
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    const changed = (): void => setNarrow(narrow.matches);
    narrow.addEventListener('change', changed);
    // It may have changed since it was drawn.
    changed();
    return () => {
      observer.disconnect();
      narrow.removeEventListener('change', changed);
    };
  }, []);
  const { first, end } = visibleRows({ scrolled, height, rowHeight, rows: rows.length });
  useLayoutEffect(() => {
    if (focused === undefined) return;
    box.current?.querySelector<HTMLElement>(`[data-row="${focused}"]`)?.focus({ preventScroll: true });
  }, [focused, first, end]);

  const go = (to: number): void => {
    const row = Math.max(0, Math.min(rows.length - 1, to));
    const element = box.current;
    if (!element) return;
    const top = row * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + height) element.scrollTop = top + rowHeight - height;
    setScrolled(element.scrollTop);
    setFocused(row);
  };
  useEffect(() => {
    const at = begin === undefined ? -1 : rows.findIndex(({ device }) => device === begin);
    if (at >= 0 && isFocusFree()) go(at);
  }, [begin]);
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: Math.floor(height / rowHeight),
    PageUp: -Math.floor(height / rowHeight),
    Home: -rows.length,
    End: rows.length,
  };
  return (
    <div
      ref={box}
      class="list"
      role="list"
      tabIndex={rows.length > 0 && focused === undefined ? 0 : -1}
      aria-label="Devices: arrow keys go from one to the next"
      onScroll={({ currentTarget }) => setScrolled(currentTarget.scrollTop)}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        go(focused === undefined ? 0 : focused + step);
      }}
      onFocusOut={({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node) || !box.current?.contains(relatedTarget)) setFocused(undefined);
      }}
    >
      <div class="all" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(first, end).map((row, index) => (
          <div
            key={row.device}
            role="listitem"
            class="slot"
            aria-setsize={rows.length}
            aria-posinset={first + index + 1}
            style={{ transform: `translateY(${(first + index) * rowHeight}px)` }}
          >
            <RowLink
              {...{ row, tenant, nowMs, open }}
              place={first + index}
              isFocused={focused === first + index}
              focused={() => setFocused(first + index)}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

function RowLink(given: {
  readonly row: Row;
  readonly tenant: string;
  readonly nowMs: number;
  readonly place: number;
  readonly isFocused: boolean;
  open(device: string): void;
  focused(): void;
}) {
  const { row, tenant, nowMs, place, isFocused, open, focused } = given;
  return (
    <DeviceLink
      class="row"
      data-row={place}
      tabIndex={isFocused ? 0 : -1}
      tenant={tenant}
      device={row.device}
      onFocus={focused}
      open={() => open(row.device)}
    >
      <span class="name">
        <Foreign text={row.device} />
      </span>
      <StatusDot status={row.status} />
      <span class="since">{row.sinceMs !== undefined && <Time atMs={row.sinceMs} nowMs={nowMs} />}</span>
      <span class="why">
        {row.reason === undefined ? (
          <Foreign text={row.protocol ?? ''} />
        ) : (
          <>
            {reasonInWords(row.reason)}
            {(row.uncertaintyMs ?? 0) > 0 && (
              <small>
                <span class="hidden">, </span>
                {certaintyInWords({ 'uncertainty-ms': row.uncertaintyMs ?? 0 })}
              </small>
            )}
          </>
        )}
      </span>
    </DeviceLink>
  );
}
