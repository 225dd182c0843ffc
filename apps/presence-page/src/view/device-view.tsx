import { useMemo } from 'preact/hooks';
import type { AsOf, Device, PastConnection, WasConnected } from '../logic/answers.ts';
import {
  basisInWords,
  becauseInWords,
  certaintyInWords,
  durationInWords,
  reasonInWords,
} from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';
import { useAsked, useNow } from './hooks.ts';
import { devicePath } from './service.ts';
import { Spans } from './spans.tsx';
import { Timeline } from './timeline.tsx';
import { Foreign, StatusDot, Time, times } from './words.tsx';

interface Answered extends Device {
  readonly 'as-of': AsOf;
}

/** One device: what it is now, what it was, and why. */
export function DeviceView(given: {
  readonly tenant: string;
  readonly device: string;
  readonly route: Route;
  readonly change: Change;
}) {
  const { tenant, device, route, change } = given;
  const nowMs = useNow(1_000);
  const { answer, problem } = useAsked<Answered>(devicePath(tenant, device), 2_000);
  const lag = answer?.['as-of']['lag-ms'] ?? 0;
  return (
    <article class="device">
      <p class="back">
        <button class="link" type="button" onClick={() => change({ device: undefined, atMs: undefined })}>
          ← All devices
        </button>
      </p>
      <h1>
        <Foreign text={device} />
      </h1>
      {answer ? <Now device={answer} nowMs={nowMs} /> : <p class="now">…</p>}
      {problem !== undefined && (
        <p class="stream lost" role="status">
          <i aria-hidden="true" /> No answer: {problem}. Trying again. What you see is as it was.
        </p>
      )}
      {lag > 5_000 && (
        <p class="stream lags" role="status">
          <i aria-hidden="true" /> The service lags by {durationInWords(lag)}.
        </p>
      )}
      <Past
        key={answer?.since ?? ''}
        {...given}
        nowMs={nowMs}
        knownMs={Date.parse(answer?.['as-of'].at ?? '') || nowMs}
      />
      <At tenant={tenant} device={device} route={route} change={change} nowMs={nowMs} />
    </article>
  );
}

function Now({ device, nowMs }: { readonly device: Device; readonly nowMs: number }) {
  const { status, since, connections } = device;
  const ending = device['last-ending'];
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  return (
    <>
      <p class="now">
        <StatusDot status={status} />
        {sinceMs !== undefined && (
          <span>
            since <Time atMs={sinceMs} nowMs={nowMs} />, for {durationInWords(Math.max(0, nowMs - sinceMs))}
          </span>
        )}
        {status === 'unknown' && (
          <span>
            {connections.length > 0
              ? 'Its adapter reports nothing of it any more: it may be connected.'
              : 'Nothing is known of a device of this name.'}
          </span>
        )}
      </p>
      {status === 'offline' && ending && <Left ending={ending} nowMs={nowMs} />}
      {connections.map((connection) => (
        <dl class="facts" key={connection['connection-id']}>
          <Fact name="over">
            <Foreign text={connection.protocol} />
          </Fact>
          {connection['remote-address'] !== undefined && (
            <Fact name="from">
              <Foreign text={connection['remote-address']} />
            </Fact>
          )}
          <Fact name="as">
            <Foreign text={connection['remote-id']} />
          </Fact>
          <Fact name="known by">{basisInWords(connection.basis)}</Fact>
          <Fact name="adapter">
            <Foreign text={connection.adapter.id} />
          </Fact>
        </dl>
      ))}
    </>
  );
}

function Left({
  ending,
  nowMs,
}: {
  readonly ending: NonNullable<Device['last-ending']>;
  readonly nowMs: number;
}) {
  const between = ending['left-between'];
  const isExact = ending['uncertainty-ms'] === 0;
  return (
    <p class="left">
      It {reasonInWords(ending.reason).replace(/^its /, 'left: its ')}.{' '}
      {isExact ? (
        <>The time is known exactly.</>
      ) : (
        <>
          It really left between <Time atMs={Date.parse(between.from)} nowMs={nowMs} /> and{' '}
          <Time atMs={Date.parse(between.to)} nowMs={nowMs} />: that is as sure as its adapter can be.
        </>
      )}
    </p>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Past(given: {
  readonly tenant: string;
  readonly device: string;
  readonly route: Route;
  readonly change: Change;
  readonly nowMs: number;
  readonly knownMs: number;
}) {
  const { tenant, device, route, change, nowMs, knownMs } = given;
  const { spanS } = route;
  // It is asked again in steps, and moves with each second.
  const askedMs = Math.floor(nowMs / 10_000) * 10_000;
  const from = new Date(askedMs - spanS * 1_000).toISOString();
  const path = devicePath(tenant, device, `/history?from=${from}&limit=200`);
  const { answer } = useAsked<{ readonly connections: readonly PastConnection[]; readonly next?: string }>(
    useMemo(() => path, [path]),
    5_000,
  );
  const connections = answer?.connections ?? [];
  const period = { fromMs: nowMs - spanS * 1_000, toMs: nowMs };
  return (
    <section class="card" aria-label="Timeline">
      <div class="head">
        <h2>Timeline</h2>
        <Spans spanS={spanS} change={change} />
      </div>
      <Timeline connections={connections} period={period} knownMs={knownMs} markMs={route.atMs} />
      {connections.length === 0 && answer !== undefined && <p class="hint">No connection in this time.</p>}
      {connections.length > 0 && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">from</th>
                <th scope="col">until</th>
                <th scope="col">why it ended</th>
                <th scope="col">how sure</th>
                <th scope="col">over</th>
                <th scope="col">address</th>
              </tr>
            </thead>
            <tbody>
              {connections.map((each) => (
                <PastRow key={each['connection-id']} connection={each} nowMs={nowMs} />
              ))}
            </tbody>
          </table>
        </div>
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

function At(given: {
  readonly tenant: string;
  readonly device: string;
  readonly route: Route;
  readonly change: Change;
  readonly nowMs: number;
}) {
  const { tenant, device, route, change, nowMs } = given;
  const { atMs } = route;
  const path =
    atMs === undefined ? undefined : devicePath(tenant, device, `/at?time=${new Date(atMs).toISOString()}`);
  const { answer, problem } = useAsked<WasConnected>(path, undefined);
  return (
    <section class="card" aria-label="Was it connected?">
      <h2>Was it connected at …?</h2>
      <form
        class="at"
        onSubmit={(event) => {
          event.preventDefault();
          const value = new FormData(event.currentTarget).get('time');
          const asked = typeof value === 'string' ? new Date(value).getTime() : Number.NaN;
          if (!Number.isNaN(asked)) change({ atMs: asked });
        }}
      >
        <input
          type="datetime-local"
          name="time"
          step={1}
          aria-label="Time, by your clock"
          defaultValue={times.field(atMs ?? nowMs)}
          required
        />
        <button type="submit">Ask</button>
      </form>
      {problem !== undefined && <p role="alert">{problem}</p>}
      {answer && <Answer answer={answer} nowMs={nowMs} />}
    </section>
  );
}

const answers = { yes: 'Yes', no: 'No', uncertain: 'Not certain' } as const;

function Answer({ answer, nowMs }: { readonly answer: WasConnected; readonly nowMs: number }) {
  const { from, to } = answer.between ?? {};
  return (
    <p class={`answer ${answer.answer}`} role="status">
      <b>{answers[answer.answer]}</b> <Time atMs={Date.parse(answer.time)} nowMs={nowMs} />.{' '}
      {becauseInWords(answer.because)}{' '}
      {(from !== undefined || to !== undefined) && (
        <>
          In question is the time
          {from !== undefined && (
            <>
              {' '}
              from <Time atMs={Date.parse(from)} nowMs={nowMs} />
            </>
          )}
          {to !== undefined && (
            <>
              {' '}
              to <Time atMs={Date.parse(to)} nowMs={nowMs} />
            </>
          )}
          .
        </>
      )}
    </p>
  );
}
