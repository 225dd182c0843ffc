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

/** A fleet as lines for people, none wider than `width`: its engine, what it has in all, and a table of its instances. */
export function fleetText({ engine, instances }: FleetOverview, width: number): string {
  const rows = instances.toSorted(livingByName).map(cellsOf);
  const table = rows.length === 0 ? [] : ['', ...fitTable(columns, rows, width)];
  const lines = [...engineLines(engine), sumLine(instances), ...table];
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

function sumLine(instances: readonly FleetInstance[]): string {
  const living = instances.filter(({ state }) => state === 'living');
  const dead = instances.filter(({ state }) => state === 'dead');
  const owed = sum(dead);
  return [
    `${count(living.length, 'instance')} with ${count(sum(living), 'open connection')}`,
    ...(dead.length === 0 ? [] : [`${dead.length} dead, ${count(owed, 'ending')} owed`]),
  ].join('; ');
}

function cellsOf(instance: FleetInstance): readonly string[] {
  const { id, type } = instance.identity;
  const shared = [printable(id), printable(type), instance.state];
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

/** The living first; of the dead, those that are owed something, and then the latest. */
function livingByName(one: FleetInstance, other: FleetInstance): number {
  return rankOf(one) - rankOf(other) || later(one, other) || (one.identity.id < other.identity.id ? -1 : 1);
}

function rankOf(instance: FleetInstance): number {
  if (instance.state === 'living') return 0;
  return instance.endings === 'settled' ? 2 : 1;
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
