import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { systemClock } from '@rollcall/core/environment';
import type { AsOf } from '../logic/answers.ts';
import { DeviceTable } from '../logic/device-table.ts';
import { followTenant, type StreamState } from '../logic/follow-tenant.ts';
import { readRoute, writeRoute, type Change, type Route, type RouteChange } from '../logic/route.ts';
import { problemInWords, service, tenantPath } from './service.ts';

/** The address of the page, and a way to change it. `replaces`: without a step that Back would lead to. */
export function useRoute(): readonly [Route, Change] {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  // Not `useEffect`, which runs after the page is painted: an address that changes until then would be missed.
  useLayoutEffect(() => {
    const read = (): void => setRoute(readRoute(location.hash));
    addEventListener('popstate', read);
    addEventListener('hashchange', read);
    return () => {
      removeEventListener('popstate', read);
      removeEventListener('hashchange', read);
    };
  }, []);
  const change = (changed: RouteChange, replaces = false): void => {
    const next = readRoute(writeRoute({ ...readRoute(location.hash), ...changed } as Route));
    history[replaces ? 'replaceState' : 'pushState'](null, '', writeRoute(next));
    setRoute(next);
  };
  return [route, change];
}

/** Whether nothing has the focus: what had it is gone, or nobody has begun. */
export function isFocusFree(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

interface Looked {
  readonly device: string | undefined;
  readonly before: string | undefined;
  readonly isFirst: boolean;
}

/** The device that was looked at before this one, and whether this is the first view since the page was loaded. */
export function useBefore(device: string | undefined): Looked {
  const looked = useRef<Looked>({ device, before: undefined, isFirst: true });
  if (looked.current.device !== device)
    looked.current = { device, before: looked.current.device, isFirst: false };
  return looked.current;
}

/** The time, every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  readonly problem: string | undefined;
}

/** What the service answers, asked again every so often. The last answer stays while another is on its way. */
export function useAsked<Answer>(path: string | undefined, everyMs: number | undefined): Asked<Answer> {
  const [asked, setAsked] = useState<Asked<Answer> & { readonly of: string | undefined }>({
    answer: undefined,
    problem: undefined,
    of: undefined,
  });
  useEffect(() => {
    if (path === undefined) return undefined;
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async (): Promise<void> => {
      try {
        const answer = await service.get<Answer>(path, stopped.signal);
        setAsked({ answer, problem: undefined, of: path });
      } catch (error) {
        if (stopped.signal.aborted) return;
        const problem = problemInWords(error);
        setAsked((before) => ({ answer: before.of === path ? before.answer : undefined, problem, of: path }));
      }
      if (everyMs !== undefined && !stopped.signal.aborted) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      stopped.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  return asked.of === path ? asked : { answer: undefined, problem: undefined };
}

/** The last answer while the next one is on its way: what is drawn from it stays, and keeps the focus. @param of another one is forgotten. */
export function useLast<Answer>(answer: Answer | undefined, of: unknown): Answer | undefined {
  const last = useRef({ answer, of });
  if (answer !== undefined || last.current.of !== of) last.current = { answer, of };
  return last.current.answer;
}

export interface Followed {
  readonly table: DeviceTable;
  readonly state: StreamState;
  readonly asOf: AsOf | undefined;
  /** How the stream went on after the last loss; absent: that is long ago. */
  readonly resumed: 'gapless' | 'anew' | undefined;
  /** Another one with each change of the table. */
  readonly version: number;
}

const begun: Omit<Followed, 'table' | 'version'> = {
  state: { name: 'connecting' },
  asOf: undefined,
  resumed: undefined,
};

/** Many devices are drawn less often: each time, all of them are filtered. */
const drawEveryMs = (devices: number): number => Math.max(250, devices / 50);
const sayResumedMs = 8_000;

/** The devices of a tenant, live. */
export function useFollowed(tenant: string, again: number): Followed {
  const table = useMemo(() => new DeviceTable(), [tenant, again]);
  // What is drawn belongs together: it changes at once, and not while other parts of the page are drawn again.
  const [drawn, setDrawn] = useState({ ...begun, version: 0 });
  const said = useRef(begun);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let quiet: ReturnType<typeof setTimeout> | undefined;
    // Many changes are drawn at once.
    const changed = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setDrawn((before) => ({ ...said.current, version: before.version + 1 }));
      }, drawEveryMs(table.size));
    };
    const say = (change: Partial<Followed>): void => {
      said.current = { ...said.current, ...change };
      changed();
    };
    said.current = begun;
    changed();
    const stop = followTenant(
      {
        clock: systemClock,
        open: (headers, signal) => service.stream(tenantPath(tenant, 'watch'), headers, signal),
      },
      {
        state: (state) => say({ state }),
        beginSnapshot: () => table.beginSnapshot(),
        devices(devices) {
          table.set(devices);
          changed();
        },
        endSnapshot() {
          table.endSnapshot();
          changed();
        },
        asOf: (asOf) => say({ asOf }),
        resumed(resumed) {
          say({ resumed });
          clearTimeout(quiet);
          quiet = setTimeout(() => say({ resumed: undefined }), sayResumedMs);
        },
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
      clearTimeout(quiet);
    };
  }, [table, tenant]);
  return { table, ...drawn };
}
