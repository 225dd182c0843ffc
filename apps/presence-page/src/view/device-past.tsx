import type { AsOf, PastConnection } from '../logic/answers.ts';
import { certaintyInWords, reasonInWords } from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';
import { drawnFrom, isBeforeCoverage } from '../logic/seen-counts.ts';
import { useAsked, useLast } from './hooks.ts';
import { ScrollTable } from './scroll-table.tsx';
import { devicePath } from './service.ts';
import { Spans } from './spans.tsx';
import { Timeline } from './timeline.tsx';
import { FollowedSince, Foreign, Time } from './words.tsx';

interface History {
  readonly connections: readonly PastConnection[];
  readonly next?: string;
  readonly 'as-of': AsOf;
}

/** The connections that a device had: drawn, and as a table. */
export function DevicePast(given: {
  readonly tenant: string;
  readonly device: string;
  readonly route: Route;
  readonly change: Change;
  readonly nowMs: number;
  readonly knownMs: number;
  /** When the device last changed: then it is asked again. */
  readonly since: string | undefined;
}) {
  const { tenant, device, route, change, nowMs, knownMs, since = '' } = given;
  const { spanS } = route;
  // It is asked again in steps, and moves with each second.
  const askedMs = Math.floor(nowMs / 10_000) * 10_000;
  const from = new Date(askedMs - spanS * 1_000).toISOString();
  const path = devicePath(tenant, device, `/history?from=${from}&limit=200#${since}`);
  const answer = useLast(useAsked<History>(path, 5_000).answer, spanS);
  const connections = answer?.connections ?? [];
  // A connection that began before the service did is known, too.
  const begins = connections.map((each) => Date.parse(each['connected-at']));
  const knownSince = answer && Math.min(Date.parse(answer['as-of']['covered-since']), ...begins);
  const period = { fromMs: drawnFrom(nowMs, spanS, knownSince), toMs: nowMs };
  return (
    <section class="card" aria-label="Timeline">
      <div class="head">
        <h2>Timeline</h2>
        <Spans spanS={spanS} change={change} />
      </div>
      <Timeline connections={connections} period={period} knownMs={knownMs} markMs={route.atMs} />
      {connections.length === 0 && answer !== undefined && <p class="hint">No connection in this time.</p>}
      {answer && isBeforeCoverage(nowMs - spanS * 1_000, answer['as-of']) && (
        <FollowedSince asOf={answer['as-of']} nowMs={nowMs} />
      )}
      {connections.length > 0 && (
        <ScrollTable
          label="Connections"
          columns={['from', 'until', 'why it ended', 'how sure', 'over', 'address']}
        >
          {connections.map((each) => (
            <PastRow key={each['connection-id']} connection={each} nowMs={nowMs} />
          ))}
        </ScrollTable>
      )}
      {answer?.next !== undefined && (
        <p class="hint">The latest 200 connections. Earlier ones: choose less time.</p>
      )}
    </section>
  );
}

function PastRow({ connection, nowMs }: { readonly connection: PastConnection; readonly nowMs: number }) {
  const { ending, state } = connection;
  const over = connection['taken-over-at'];
  const endMs = ending ? Date.parse(ending.at) : over === undefined ? undefined : Date.parse(over);
  return (
    <tr>
      <td>
        <Time atMs={Date.parse(connection['connected-at'])} nowMs={nowMs} />
      </td>
      <td>
        {endMs === undefined ? state === 'open' ? 'now' : 'not known' : <Time atMs={endMs} nowMs={nowMs} />}
      </td>
      <td>
        {ending
          ? reasonInWords(ending.reason)
          : over === undefined
            ? ''
            : 'another connection took its place'}
      </td>
      <td>{ending ? certaintyInWords(ending) : over === undefined ? '' : 'not known'}</td>
      <td>
        <Foreign text={connection.protocol} />
      </td>
      <td>
        <Foreign text={connection['remote-address'] ?? ''} />
      </td>
    </tr>
  );
}
