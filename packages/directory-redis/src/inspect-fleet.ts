import type { Timestamp } from '@rollcall/core';
import { systemClock, type Clock } from '@rollcall/core/environment';
import type { FleetEngineState, FleetInstance, FleetOverview } from '@rollcall/core/directory';
import { readFleet, type FleetState } from './burial/read-fleet.ts';
import { withEngine, type EngineForOnce } from './contact/with-engine.ts';
import type { OpenEngine } from './engine/engine.ts';
import { bucketCount } from './wire/bucket-of.ts';
import type { Death } from './wire/death.ts';
import type { KeyNames } from './wire/key-names.ts';

/** How many buckets are counted together. */
const together = 128;

/** What an inspection needs. */
interface Looking extends EngineForOnce {
  readonly keys: KeyNames;
  readonly clock: Clock;
}

type Fields = ReadonlyMap<string, string>;

/** Looks at a fleet once. */
export function inspectFleet(
  keys: KeyNames,
  openEngine: OpenEngine,
  clock: Clock = systemClock,
): Promise<FleetOverview> {
  return withEngine(openEngine, clock, (at) => look({ ...at, keys, clock }));
}

async function look(looking: Looking): Promise<FleetOverview> {
  const askedAt = looking.clock.monotonic();
  const fleet = await readFleet(looking);
  if (!fleet) throw looking.noAnswer();
  const answerMs = looking.clock.monotonic() - askedAt;
  const none: Fields = new Map();
  const [server, memory] = await Promise.all(
    (['server', 'memory'] as const).map((section) => looking.engine.info(section).catch(() => none)),
  );
  return {
    engine: engineState(server ?? none, memory ?? none, answerMs),
    instances: await instancesOf(fleet, nowOf(fleet, server ?? none), looking),
  };
}

function engineState(server: Fields, memory: Fields, answerMs: number): FleetEngineState {
  const valkey = server.get('valkey_version');
  const version = valkey ?? server.get('redis_version') ?? 'of unknown version';
  const mode = server.get('server_mode') ?? server.get('redis_mode');
  const bytes = Number(memory.get('used_memory'));
  const evictionPolicy = memory.get('maxmemory_policy');
  return {
    description: [`${valkey === undefined ? 'Redis' : 'Valkey'} ${version}`, mode].filter(Boolean).join(', '),
    answerMs,
    // One node of a cluster says nothing about the others.
    ...(mode !== undefined && mode !== 'cluster' && bytes > 0 && { memoryBytes: bytes }),
    ...(evictionPolicy !== undefined && { evictionPolicy }),
  };
}

/** The engine's clock. In a cluster, a sign of life may come from a node whose clock is ahead. */
function nowOf({ signs }: FleetState, server: Fields): number {
  const said = Math.floor(Number(server.get('server_time_usec') ?? 0) / 1_000);
  return Math.max(said, ...[...signs.values()].map(signAtMs));
}

/** See `renew-lease`: version, counter, time, epoch. */
function signAtMs(sign: string): number {
  return Number(sign.split(' ')[2]);
}

async function instancesOf(fleet: FleetState, nowMs: number, looking: Looking): Promise<FleetInstance[]> {
  const instances: FleetInstance[] = [];
  for (const [short, identity] of fleet.identities) {
    const death = fleet.deaths.get(short);
    const sign = fleet.signs.get(short);
    if (death) {
      const connections = death.state === 'settled' ? 0 : await owedBy(short, looking);
      instances.push({ identity, state: 'dead', connections, ...facts(death) });
    } else if (sign !== undefined) {
      const connections = await countOf(short, looking);
      instances.push({ identity, state: 'living', connections, silentMs: nowMs - signAtMs(sign) });
    }
  }
  return instances;
}

function facts({ state, aliveAtMs, declaredAtMs }: Death) {
  return { endings: state, aliveAt: aliveAtMs as Timestamp, declaredAt: declaredAtMs as Timestamp };
}

async function countOf(short: string, { keys, asker, noAnswer }: Looking): Promise<number> {
  const reply = await asker.look('HVALS', keys.counted(short));
  if (reply.status === 'none') throw noAnswer();
  if (reply.status !== 'answer' || !Array.isArray(reply.value)) return 0;
  return reply.value.reduce((sum: number, count: unknown) => sum + (Number(count) || 0), 0);
}

/** Endings of connections that were open, and endings that it noted and may not have sent. */
async function owedBy(short: string, { keys, asker, noAnswer }: Looking): Promise<number> {
  let sum = 0;
  for (let start = 0; start < bucketCount; start += together) {
    const buckets = Array.from({ length: together }, (_, index) => start + index);
    const hashes = buckets.flatMap((bucket) => [keys.owedBy(bucket) + short, keys.noted(bucket) + short]);
    const replies = await Promise.all(hashes.map((hash) => asker.look('HLEN', hash)));
    if (replies.some(({ status }) => status === 'none')) throw noAnswer();
    for (const reply of replies) sum += reply.status === 'answer' ? Number(reply.value) : 0;
  }
  return sum;
}
