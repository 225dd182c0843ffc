import { isDeepStrictEqual } from 'node:util';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { distinct } from '../record.ts';
import { checkOrder } from '../verdict.ts';
import type { Fault } from './faults-of-lives.ts';
import type { Ended, Life } from './life.ts';

type Connected = Extract<ReceivedEvent, { type: 'connected' }>;
type Disconnected = Extract<ReceivedEvent, { type: 'disconnected' }>;

/** How late this machine may be, in what no adapter can measure: from a device's write to the adapter's read. */
export interface Tolerance {
  readonly lateMs: number;
  /** By how much the wall clock may have been slewed, or set, meanwhile. */
  readonly clockMs: number;
}

export interface Verdict {
  /** What the life was, for the summary. */
  readonly category: string;
  readonly problems: readonly string[];
}

interface Told {
  readonly connected: Connected | undefined;
  readonly endings: readonly Disconnected[];
}

/** Then the session lasts until the adapter comes to it, behind uploads that wait for the network. */
const closedByAdapter: ReadonlySet<string> = new Set(['protocol-error', 'upload-refused']);

/** Then the adapter ends it, and the device does not know when. */
const endedByAdapter: ReadonlySet<Ended> = new Set<Ended>(['closed', 'trickled', 'access ended']);

/** How long a session that was left waits for its end. */
const lostAfterMs = 10_000;

/** Longest that adapters take to reach a network that is back. */
const reconnectMs = 5_000;

/** How much later than the adapter a device may notice that it was closed. */
const noticedWithinMs = 1_000;

const reasons: Readonly<Record<Ended, readonly string[]>> = {
  goodbye: ['client-closed'],
  'goodbye, reset': ['client-closed', 'connection-lost'],
  'hung up': ['connection-lost'],
  reset: ['connection-lost'],
  vanished: ['keepalive-timeout', 'inactive'],
  trickled: ['keepalive-timeout'],
  'access ended': ['access-revoked', 'credentials-expired'],
  'taken over': ['taken-over'],
  // A device that comes back by itself after that closes because it sleeps.
  close_notify: ['client-closed', 'inactive'],
  'broke the protocol': ['protocol-error'],
  'upload refused': ['upload-refused'],
  closed: [],
};

/** Holds what was told against what happened. Every connection that was told must be somebody's life. */
export function judge(
  lives: readonly Life[],
  events: readonly ReceivedEvent[],
  faults: readonly Fault[],
  tolerance: Tolerance,
): readonly Verdict[] {
  const told = connectionsOf(distinct(events));
  const verdicts = lives.map((life): Verdict => {
    const mine = take(told, life, tolerance);
    const problems = problemsOf(life, mine, { lives, faults, tolerance });
    const did = life.script ?? life.end?.how ?? 'goes on';
    const category = `${life.dialect ?? life.protocol}: ${life.outcome === 'accepted' ? (life.end?.how === 'closed' ? 'closed' : did) : life.outcome === 'refused' ? did : life.outcome}`;
    return { category, problems: problems.map((problem) => `${nameOf(life)}: ${problem}`) };
  });
  const strangers = [...told].map(([id, { connected, endings }]) => {
    const { device, remoteAddress, at } = connected ?? endings[0] ?? {};
    return `${device?.device} ${String(remoteAddress)}: a connection ${id} at ${at}, and nobody connected`;
  });
  const disorder: string[] = [];
  checkOrder(events, (problem) => disorder.push(problem));
  return [
    ...verdicts,
    ...strangers.map((problem) => ({ category: 'nobody', problems: [problem] })),
    ...disorder.map((problem) => ({ category: 'order', problems: [problem] })),
  ];
}

function nameOf({ protocol, device, port, begunAt, script, end }: Life): string {
  return `${protocol} ${device}${port === undefined ? '' : `:${port}`} from ${begunAt}${end ? `, ${script ?? end.how} (${end.how}) at ${end.at}` : ''}`;
}

function connectionsOf(events: readonly ReceivedEvent[]): Map<string, Told> {
  return new Map(
    [...Map.groupBy(events, ({ connectionId }) => connectionId)].map(([id, mine]) => [
      id,
      {
        connected: mine.find((event) => event.type === 'connected'),
        endings: mine.filter((event) => event.type === 'disconnected'),
      },
    ]),
  );
}

/** Takes out the connections that are this life's. */
function take(told: Map<string, Told>, life: Life, { clockMs }: Tolerance): readonly Told[] {
  const { device, port, begunAt, acceptedAt, end } = life;
  const until = acceptedAt ?? (end ? end.at + 60_000 : Number.POSITIVE_INFINITY);
  const mine = [...told].filter(([, { connected }]) => {
    if (connected?.device.device !== device || connected.at < begunAt - clockMs) return false;
    if (port !== undefined)
      return connected.remoteAddress?.endsWith(`:${port}`) && connected.at <= until + clockMs;
    // A lease may begin again within a life: where the device was too late to renew it.
    return connected.at <= Math.max(until, end?.at ?? 0) + clockMs;
  });
  for (const [id] of mine) told.delete(id);
  return mine
    .map(([, each]) => each)
    .toSorted((one, other) => (one.connected?.at ?? 0) - (other.connected?.at ?? 0));
}

interface Circumstances {
  readonly lives: readonly Life[];
  readonly faults: readonly Fault[];
  readonly tolerance: Tolerance;
}

function problemsOf(life: Life, told: readonly Told[], circumstances: Circumstances): readonly string[] {
  if (life.outcome === 'refused' && !wasTurnedOut(life, circumstances))
    return told.length > 0 ? ['it was refused, and is told as connected'] : [];
  if (life.outcome !== 'accepted')
    return told.length > 1 ||
      (told.some(({ endings }) => endings.length === 0) && !journalWasLost(life, circumstances))
      ? [`nobody let it in, and ${told.length} connections are told`]
      : [];
  const [mine, ...earlier] = told.toReversed();
  if (!mine)
    return journalWasLost(life, circumstances) || wentOn(life, circumstances)
      ? []
      : ['it was let in, and nothing is told'];
  if (!earlier.every((each) => ranOut(life, each, circumstances)))
    return [`it is told as ${told.length} connections: ${told.map(inShort).join('; ')}`];
  const [ending, ...others] = mine.endings.toSorted((one, other) => one.at - other.at);
  if (!ending)
    return life.end && !journalWasLost(life, circumstances) ? ['it ended, and no end is told'] : [];
  if (!life.end) return [`it goes on, and ended as ${ending.reason}`];
  return [
    ...(others.length > 0 && !others.every(({ reason }) => reason === 'adapter-lost')
      ? [`it ended ${mine.endings.length} times`]
      : []),
    ...reasonProblems(life, ending, circumstances),
    ...factProblems(life, ending),
    ...timeProblems(life, ending, circumstances),
  ];
}

/** The adapter stopped before it had answered: it was connected, and ended at once. */
function wasTurnedOut(life: Life, circumstances: Circumstances): boolean {
  return overlapping(circumstances, life, 'stop', life.begunAt, life.end?.at ?? life.begunAt).length > 0;
}

/** A request without an answer may have been heard: the lease that it began goes on. */
function wentOn(life: Life, { lives }: Circumstances): boolean {
  return (
    life.port === undefined &&
    lives.findLast((other) => other.device === life.device && other.begunAt < life.begunAt)?.outcome ===
      'unknown'
  );
}

/**
 * A lease that runs out within a life begins again with the next request. That is true only where nothing of the device reached the
 * adapter for an interval: this process was late, or the device sent on an association that had died with its adapter.
 */
function ranOut(life: Life, { endings }: Told, circumstances: Circumstances): boolean {
  const [ending, ...others] = endings;
  if (life.port !== undefined || others.length > 0 || ending?.reason !== 'inactive') return false;
  return endedTooEarly(life, ending, circumstances) === undefined;
}

/** Says so if the lease may not have run out yet by what was answered, or if its ending does not know of that. */
function endedTooEarly(
  life: Life,
  { at, basis, lastSeen }: Disconnected,
  circumstances: Circumstances,
): string | undefined {
  const { lateMs, clockMs } = circumstances.tolerance;
  const endedAdapter = (from: number, to: number): boolean =>
    (['kill', 'stop'] as const).some((kind) => overlapping(circumstances, life, kind, from, to).length > 0);
  // What was asked long before the end, and answered after it, waited in the socket of the adapter that told the end.
  const heard = life.heard?.findLast(
    ({ askedAt, answeredAt }) =>
      answeredAt <= at - clockMs || (askedAt < at - lateMs && !endedAdapter(askedAt, at)),
  );
  if (!heard) return undefined;
  const silentMs = at - heard.askedAt;
  if (basis.kind === 'lease' && silentMs < basis.intervalMs - clockMs)
    return `inactive at ${at}, and a request was answered ${silentMs} ms before`;
  // What was read soon after a freeze may have arrived at any time of it. An adapter that was killed knows only what it had stored.
  const mayBeSeenEarlier =
    endedAdapter(heard.askedAt, at) ||
    overlapping(circumstances, life, 'freeze', heard.askedAt - lateMs, heard.answeredAt).length > 0;
  if (lastSeen < heard.askedAt - lateMs && !mayBeSeenEarlier)
    return `inactive at ${at}, last seen at ${lastSeen}, and a request of ${heard.askedAt} was answered at ${heard.answeredAt}`;
  return undefined;
}

function inShort({ connected, endings }: Told): string {
  const ends = endings.map(({ reason, at, lastSeen }) => `${reason} at ${at}, last seen ${lastSeen}`);
  return [`connected at ${connected?.at}`, ...ends].join(', ');
}

function overlapping({ faults }: Circumstances, life: Life, kind: Fault['kind'], from: number, to: number) {
  return faults.filter(
    (fault) => fault.of === life.protocol && fault.kind === kind && fault.from <= to && from <= fault.to,
  );
}

/** What it may be told as: the cause, or what befell the adapter before it could know of the cause. */
function reasonProblems(life: Life, ending: Disconnected, circumstances: Circumstances): readonly string[] {
  const { end } = life;
  const { clockMs } = circumstances.tolerance;
  if (!end) return [];
  const [from, to] = [life.begunAt, ending.at + clockMs];
  const detectMs = ending.basis.detectWithinMs ?? Number.POSITIVE_INFINITY;
  const successor = circumstances.lives.some(
    (other) =>
      other !== life && other.device === life.device && other.begunAt >= end.at && other.begunAt <= to,
  );
  const isLease = life.port === undefined;
  const late = overlapping(circumstances, life, 'freeze', from, to).length > 0;
  const allowed = [
    ...reasons[end.how],
    ...((end.how === 'goodbye, reset' || end.how === 'access ended') && isLease ? ['inactive'] : []),
    ...(overlapping(circumstances, life, 'kill', from, to).length > 0 && !isLease ? ['adapter-lost'] : []),
    ...(overlapping(circumstances, life, 'stop', from, to).length > 0 && !isLease
      ? ['adapter-shutdown']
      : []),
    // An upload that cannot be refused otherwise, since the network is away, closes the session.
    ...(life.protocol === 'mqtt' && networkWasAway(circumstances, from, to) ? ['upload-refused'] : []),
    ...(life.awaits && cameFirst(life, ending, circumstances) ? reasons[life.awaits] : []),
    ...(endedWithAccess(life, ending, circumstances) ? reasons['access ended'] : []),
    // This process was late itself.
    ...(silenceBefore(life, ending) >= detectMs - clockMs ? ['keepalive-timeout'] : []),
    // An adapter that was held up reads sockets in any order.
    ...(successor && life.takesOver && (late || end.how === 'vanished') ? ['taken-over'] : []),
    // What the device did waited behind an upload, which may take a second where it has no consumer.
    ...(successor && closedByAdapter.has(reasons[end.how].join()) ? ['taken-over'] : []),
    // The newer connection never came through.
    ...(end.how === 'taken over' ? takeoverFailed(life, circumstances) : []),
  ];
  return allowed.includes(ending.reason)
    ? []
    : [`told as ${ending.reason} (${JSON.stringify(ending.raw)}), and not as ${allowed.join(' or ')}`];
}

/** What no journal remembers is never reported. What waits for the network waits in the journal. */
export function journalWasLost(life: Life, { faults }: Pick<Circumstances, 'faults'>): boolean {
  return faults.some(({ of, journalLost, from, to }) => {
    const end = life.end?.at ?? to;
    return (
      journalLost === true &&
      of === life.protocol &&
      life.begunAt <= to &&
      from <= end + lostAfterMs + heldUpMs(faults, end, from)
    );
  });
}

/** For how long events between these times waited for the network. */
function heldUpMs(faults: readonly Fault[], from: number, to: number): number {
  return faults
    .filter((fault) => fault.of === 'network' && fault.from < to && fault.to > from)
    .reduce((sum, fault) => sum + Math.min(to, fault.to) - Math.max(from, fault.from) + reconnectMs, 0);
}

/** Whether its adapter lost its journal, and no event said so since: until it announces, no consumer can know. */
export function isLossUntold(
  { protocol }: Life,
  { faults, events }: { readonly faults: readonly Fault[]; readonly events: readonly ReceivedEvent[] },
): boolean {
  const loss = faults.findLast(({ of, journalLost }) => of === protocol && journalLost === true);
  return (
    loss !== undefined &&
    !events.some(
      ({ adapter, journal, at }) =>
        adapter.id === `${protocol}-0` && journal?.state === 'new' && at >= loss.from,
    )
  );
}

/** What the event says beside when and why, where it is the device's own end that is told. */
function factProblems({ expected, end }: Life, { reason, clean, raw }: Disconnected): readonly string[] {
  if (!end || !expected || !reasons[end.how].includes(reason)) return [];
  const rawSaid = {
    ...(raw?.code !== undefined && { code: raw.code }),
    ...(raw?.text !== undefined && { text: raw.text }),
  };
  return [
    ...(expected.clean !== undefined && expected.clean !== clean
      ? [`told as ${clean ? 'clean' : 'unclean'}`]
      : []),
    ...(expected.raw && !isDeepStrictEqual(rawSaid, expected.raw)
      ? [`told with ${JSON.stringify(raw)}, and not ${JSON.stringify(expected.raw)}`]
      : []),
  ];
}

function networkWasAway({ faults }: Circumstances, from: number, to: number): boolean {
  return faults.some((fault) => fault.of === 'network' && fault.from <= to && from <= fault.to + reconnectMs);
}

/** How long it was silent while it meant to go on. */
function silenceBefore({ longestSilenceMs, lastByteAt, end }: Life, { at }: Disconnected): number {
  return Math.max(longestSilenceMs, end?.how === 'closed' ? at - lastByteAt : 0);
}

function takeoverFailed(life: Life, { lives }: Circumstances): readonly string[] {
  const newer = lives.find(
    (other) => other !== life && other.device === life.device && other.begunAt >= (life.end?.at ?? 0),
  );
  const cameThrough = newer?.acceptedAt !== undefined && newer.acceptedAt - life.lastByteAt < 2_500;
  return cameThrough ? [] : ['keepalive-timeout', 'connection-lost'];
}

/** Whether the adapter did what it had to just before the device left by itself. */
function cameFirst(
  { awaits, end }: Life,
  { reason, at }: Disconnected,
  { tolerance }: Circumstances,
): boolean {
  if (!end || awaits === undefined || end.how === awaits || !reasons[awaits].includes(reason)) return false;
  return at > end.at - noticedWithinMs - tolerance.lateMs;
}

/** Whether the adapter closed a session that was left, since the device lost its access while another session of it lasted. */
function endedWithAccess(life: Life, { reason, at }: Disconnected, { lives }: Circumstances): boolean {
  if (life.end?.how !== 'vanished' || !reasons['access ended'].includes(reason)) return false;
  return lives.some(
    (other) =>
      other !== life &&
      other.device === life.device &&
      other.awaits === 'access ended' &&
      other.begunAt <= at &&
      (other.end?.at ?? at) >= life.begunAt,
  );
}

/** When it truly ended: an adapter that is killed ends what it has. */
function trueEnd(life: Life, ending: Disconnected, circumstances: Circumstances): number | undefined {
  const { end } = life;
  if (!end || ending.reason === 'adapter-shutdown') return undefined;
  // What the adapter closed ended before the device noticed.
  // This process was late itself, and the adapter closed before the device did anything.
  if (ending.reason === 'keepalive-timeout' && end.how !== 'vanished') return undefined;
  if (cameFirst(life, ending, circumstances) || endedWithAccess(life, ending, circumstances))
    return undefined;
  // What it did by itself it did before it read that the adapter had closed.
  if (closedByAdapter.has(ending.reason) && ending.at < end.at) return undefined;
  if (ending.reason !== 'adapter-lost') return endedByAdapter.has(end.how) ? undefined : end.at;
  // One that was killed just before is ready again before its restart counts as over.
  const kill = overlapping(circumstances, life, 'kill', life.begunAt, ending.at).find(
    ({ from }) => from >= life.begunAt,
  );
  return Math.min(end.at, kill?.from ?? end.at);
}

function timeProblems(life: Life, ending: Disconnected, circumstances: Circumstances): readonly string[] {
  const { lateMs, clockMs } = circumstances.tolerance;
  const { at, lastSeen, connectedAt, uncertaintyMs } = ending;
  const problems: string[] = [];
  const early = ending.reason === 'inactive' ? endedTooEarly(life, ending, circumstances) : undefined;
  if (early !== undefined) problems.push(early);
  if (connectedAt > lastSeen || lastSeen > at || uncertaintyMs < 0)
    problems.push(`impossible times ${JSON.stringify({ connectedAt, lastSeen, at, uncertaintyMs })}`);
  // One that left before it was let in was seen when it was, and never before its connection began.
  if (lastSeen > Math.max(life.lastByteAt + lateMs, connectedAt))
    problems.push(`last seen at ${lastSeen}, and the last byte was sent at ${life.lastByteAt}`);
  const ended = trueEnd(life, ending, circumstances);
  if (
    ended !== undefined &&
    (ended > at + clockMs || (ended < at - uncertaintyMs - lateMs && !closedByAdapter.has(ending.reason)))
  )
    problems.push(
      `${ending.reason}: ended at ${ended}, outside of [${at - uncertaintyMs}, ${at}], which is ${at - uncertaintyMs - ended} ms late`,
    );
  const detectMs = ending.basis.detectWithinMs;
  const disturbed = circumstances.faults.some(
    ({ of, from, to }) =>
      of === life.protocol && from <= at + clockMs && to >= life.lastByteAt - clockMs - 2_000,
  );
  // What an ending tells has the time for which its last request waited for the answer.
  const silentMs = at - life.lastByteAt;
  if (typeof detectMs === 'number' && !disturbed && silentMs > detectMs + lateMs)
    problems.push(`silent for ${silentMs} ms, and ${detectMs} ms were promised`);
  return problems;
}
