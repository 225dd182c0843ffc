import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeviceEnding, Endings } from '../logic/answers.ts';
import { certaintyInWords, durationInWords, reasonInWords } from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';
import { DeviceLink } from './device-link.tsx';
import { isFocusFree, useAsked, useLast } from './hooks.ts';
import { ScrollTable } from './scroll-table.tsx';
import { problemInWords, service, tenantPath } from './service.ts';
import { Foreign, StatusDot, Time, Zone } from './words.tsx';

interface Given {
  readonly tenant: string;
  /** `*`: any. */
  readonly reason: string;
  readonly route: Route;
  readonly change: Change;
  readonly nowMs: number;
  /** Where the reader was. */
  readonly begin: string | undefined;
}

/** Who left, when and how sure that is, and whether it is back: the latest first. */
export function WhoLeft(given: Given) {
  const { reason, route, change, nowMs, begin } = given;
  const { endings, next, problem, isAsked, knownSince, fromMs, readMore } = useEndings(given);
  const box = useRef<HTMLDivElement>(null);
  // Who comes here, or comes back, goes on from here.
  useEffect(() => {
    if (!isAsked || !isFocusFree()) return;
    const at = endings.findIndex(({ device }) => device === begin);
    const place = at < 0 ? box.current?.querySelector('h2') : box.current?.querySelectorAll('tbody a')[at];
    if (place instanceof HTMLElement) place.focus();
  }, [isAsked]);
  return (
    <div class="left-list" ref={box}>
      <div class="head">
        <h2 tabIndex={-1}>
          {reason === '*' ? 'Who left' : `Who left: ${reasonInWords(reason)}`}, in the last{' '}
          {durationInWords(route.spanS * 1_000)}
        </h2>
        <button class="link" type="button" onClick={() => change({ ended: undefined })}>
          ← All devices
        </button>
      </div>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {endings.length > 0 && (
        <ScrollTable
          label="Endings"
          columns={['device', 'left', ...(reason === '*' ? ['why'] : []), 'how sure', 'over', 'now']}
        >
          {endings.map((each) => (
            <LeftRow key={each['connection-id']} ending={each} {...given} />
          ))}
        </ScrollTable>
      )}
      {isAsked && endings.length === 0 && next === undefined && <p class="hint">None did in this time.</p>}
      {next !== undefined && (
        <p>
          <button class="link" type="button" onClick={readMore}>
            {endings.length === 0 ? 'None of the latest. Look further back' : 'Show more'}
          </button>
        </p>
      )}
      {knownSince !== undefined && knownSince > fromMs && (
        <p class="hint">
          Of the time before <Time atMs={knownSince} nowMs={nowMs} />, not all endings are known.
        </p>
      )}
      <p class="hint">
        <Zone atMs={nowMs} />
      </p>
    </div>
  );
}

function LeftRow({ ending, tenant, reason, change, nowMs }: Given & { readonly ending: DeviceEnding }) {
  const { device } = ending;
  return (
    <tr>
      <td class="name">
        <DeviceLink tenant={tenant} device={device} open={() => change({ device })} />
      </td>
      <td>
        <Time atMs={Date.parse(ending.at)} nowMs={nowMs} />
      </td>
      {reason === '*' && <td>{reasonInWords(ending.reason)}</td>}
      <td>{certaintyInWords(ending)}</td>
      <td>
        <Foreign text={ending.protocol} />
      </td>
      <td>
        <StatusDot status={ending.status} />
      </td>
    </tr>
  );
}

const pageSize = 200;

/** The endings of the period, asked again every 10 s; from where more were read on, they stay. */
function useEndings({ tenant, reason, route, nowMs }: Given) {
  const [further, setFurther] = useState<{ readonly toMs: number; readonly pages: readonly Endings[] }>();
  const [problem, setProblem] = useState<string>();
  const toMs = further?.toMs ?? Math.floor(nowMs / 10_000) * 10_000;
  const fromMs = toMs - route.spanS * 1_000;
  const query = new URLSearchParams({
    from: new Date(fromMs).toISOString(),
    // What ended in these seconds is to be seen, too.
    to: new Date(toMs + 10_000).toISOString(),
    limit: String(pageSize),
    ...(reason !== '*' && { reason }),
  });
  const path = tenantPath(tenant, `endings?${query}`);
  const first = useAsked<Endings>(further ? undefined : path, 2_000);
  const shown = useLast(first.answer, `${reason} ${route.spanS}`);
  const pages = further?.pages ?? (shown ? [shown] : []);
  const next = pages.at(-1)?.next;
  const readMore = async (): Promise<void> => {
    if (next === undefined) return;
    try {
      const page = await service.get<Endings>(`${path}&cursor=${encodeURIComponent(next)}`);
      // Who clicks twice before the answer asks for the same page twice.
      setFurther((before) =>
        before === undefined || before.pages.at(-1)?.next === next
          ? { toMs, pages: [...pages, page] }
          : before,
      );
      setProblem(undefined);
    } catch (error) {
      setProblem(problemInWords(error));
    }
  };
  const known = pages[0]?.['known-since'];
  return {
    ...{ next, fromMs, readMore: () => void readMore() },
    endings: pages.flatMap(({ endings }) => endings),
    problem: problem ?? first.problem,
    isAsked: shown !== undefined,
    knownSince: known === undefined ? undefined : Date.parse(known),
  };
}
