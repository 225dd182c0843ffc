import type { FleetEngineState, FleetInstance, FleetOverview } from '@rollcall/core/directory';
import { printable } from '@rollcall/core/text';
import { fitTable, type Column } from '../terminal/fit-table.ts';

/** The column that says least of an instance is shortened first. */
const columns: readonly Column[] = [
  { heading: 'ADAPTER', least: 12, short: (text) => text },
  { heading: 'TYPE', least: 8, short: (text) => text },
  { heading: 'STATE', least: 6, short: (text) => text },
  { heading: 'OPEN', least: 4, short: (text) => text },
  { heading: 'OWED', least: 4, short: (text) => text },
  { heading: 'LAST SIGN OF LIFE', least: 17, short: shortWords },
];

export interface FleetTextOptions {
  /** No line is wider. */
  readonly width: number;
  /** An instance that gave no sign of life for longer should have been declared dead, but for some reason was not. */
  readonly deadAfterMs: number;
}

/** A fleet as lines for people: its engine, what it has in all, and a table of its instances. */
export function fleetText(
  { engine, instances }: FleetOverview,
  { width, deadAfterMs }: FleetTextOptions,
): string {
  const isSilent = (instance: FleetInstance): boolean =>
    instance.state === 'living' && instance.silentMs > deadAfterMs;
  const silent = new Set(instances.filter(isSilent));
  const rows = instances
    .toSorted((one, other) => rankOf(one, silent) - rankOf(other, silent) || byDeathAndName(one, other))
    .map((instance) => cellsOf(instance, silent.has(instance) ? 'silent' : instance.state));
  const table = rows.length === 0 ? [] : ['', ...fitTable(columns, rows, width)];
  const lines = [...engineLines(engine), sumLine(instances, silent), ...silentLines(silent), ...table];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function engineLines({
  description,
  answerMs,
  memoryBytes,
  evictionPolicy,
}: FleetEngineState): readonly string[] {
  const facts = [
    `answers in ${Math.max(1, Math.round(answerMs))} ms`,
    ...(memoryBytes === undefined ? [] : [`holds ${(memoryBytes / 1_048_576).toFixed(1)} MB`]),
  ];
  const line = `${description}: ${facts.join(', ')}`;
  if (evictionPolicy === undefined || evictionPolicy === 'noeviction') return [line];
  return [line, `maxmemory-policy is ${evictionPolicy}: it must be noeviction, or what it was told is lost`];
}

function sumLine(instances: readonly FleetInstance[], silent: ReadonlySet<FleetInstance>): string {
  const living = instances.filter((each) => each.state === 'living' && !silent.has(each));
  const dead = instances.filter(({ state }) => state === 'dead');
  const owed = sum(dead);
  return [
    `${count(living.length, 'instance')} with ${count(sum(living), 'open connection')}`,
    ...(dead.length === 0 ? [] : [`${dead.length} dead, ${count(owed, 'ending')} owed`]),
  ].join('; ');
}

function silentLines(silent: ReadonlySet<FleetInstance>): readonly string[] {
  if (silent.size === 0) return [];
  return [
    `${count(silent.size, 'silent instance')} had ${count(sum([...silent]), 'open connection')} when last heard`,
  ];
}

function cellsOf(instance: FleetInstance, state: string): readonly string[] {
  const { id, type } = instance.identity;
  const shared = [printable(id), printable(type), state];
  if (instance.state === 'living')
    return [...shared, String(instance.connections), '', `${agoInWords(instance.silentMs)} ago`];
  const at = new Date(instance.aliveAt).toISOString().slice(0, 19).replace('T', ' ');
  return [...shared, '', String(instance.connections), `${at}, ${endingsInWords[instance.endings]}`];
}

const endingsInWords = {
  owed: 'endings are being told',
  inherited: 'its next run tells',
  settled: 'all told',
} as const;

/** In a narrow terminal: only the time of day, and fewer words. */
function shortWords(text: string): string {
  return text.replace(/^\d{4}-\d\d-\d\d /, '').replace('endings are being told', 'being told');
}

function byDeathAndName(one: FleetInstance, other: FleetInstance): number {
  return later(one, other) || (one.identity.id < other.identity.id ? -1 : 1);
}

/** The living first, then the silent; of the dead, those that are owed something, and then the latest. */
function rankOf(instance: FleetInstance, silent: ReadonlySet<FleetInstance>): number {
  if (instance.state === 'living') return silent.has(instance) ? 1 : 0;
  return instance.endings === 'settled' ? 3 : 2;
}

function later(one: FleetInstance, other: FleetInstance): number {
  return one.state === 'dead' && other.state === 'dead' ? other.declaredAt - one.declaredAt : 0;
}

function agoInWords(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}

function sum(instances: readonly FleetInstance[]): number {
  return instances.reduce((all, { connections }) => all + connections, 0);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
