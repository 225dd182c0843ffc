import {
  silentLog,
  sleep,
  systemClock,
  TransportError,
  type FleetInstance,
  type FleetOverview,
} from '@rollcall/core';
import { readFleet } from './burial/read-fleet.ts';
import { Asker } from './contact/asker.ts';
import type { OpenEngine } from './engine/engine.ts';
import { ForeignValues } from './state/foreign-values.ts';
import { createTallies } from './state/tallies.ts';
import { bucketCount } from './wire/bucket-of.ts';
import type { KeyNames } from './wire/key-names.ts';

const withinMs = 5_000;
/** So many buckets are counted together. */
const together = 128;

/** Looks at a fleet once. */
export async function inspectFleet(keys: KeyNames, openEngine: OpenEngine): Promise<FleetOverview> {
  let lastCause = new Error('no answer');
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  const engine = openEngine({
    commandsReady: () => ready(),
    commandsLost: (cause) => (lastCause = cause),
    subscribed() {},
    published() {},
  });
  const tallies = createTallies();
  const foreign = new ForeignValues(systemClock, silentLog, tallies);
  const asker = new Asker({
    clock: systemClock,
    foreign,
    tallies,
    deviceWaitMs: 0,
    engine: () => engine,
    tooManyMisses() {},
  });
  async function look(): Promise<FleetOverview> {
    await isReady;
    const server = await engine.info('server').catch(() => new Map<string, string>());
    const fleet = await readFleet({ asker, keys, foreign });
    if (!fleet) throw new TransportError('the connection directory did not answer');
    const instances: FleetInstance[] = [];
    for (const [short, identity] of fleet.identities) {
      const death = fleet.deaths.get(short);
      if (!death && !fleet.signs.has(short)) continue;
      const connections = await (death ? owedBy(short, keys, asker) : countOf(short, keys, asker));
      instances.push({ identity, state: death ? 'dead' : 'living', connections });
    }
    return { engine: describeEngine(server), instances };
  }
  try {
    return await Promise.race([
      look(),
      sleep(systemClock, withinMs).then(() => {
        throw new TransportError(`the connection directory did not answer: ${lastCause.message}`);
      }),
    ]);
  } finally {
    engine.close();
  }
}

function describeEngine(server: ReadonlyMap<string, string>): string {
  const valkey = server.get('valkey_version');
  const version = valkey ?? server.get('redis_version') ?? 'of unknown version';
  const mode = server.get('redis_mode') ?? server.get('server_mode') ?? 'standalone';
  return `${valkey === undefined ? 'Redis' : 'Valkey'} ${version}, ${mode}`;
}

async function countOf(short: string, keys: KeyNames, asker: Asker): Promise<number> {
  const reply = await asker.look('HVALS', keys.counted(short));
  if (reply.status !== 'answer' || !Array.isArray(reply.value)) return 0;
  return reply.value.reduce((sum: number, count: unknown) => sum + (Number(count) || 0), 0);
}

async function owedBy(short: string, keys: KeyNames, asker: Asker): Promise<number> {
  let sum = 0;
  for (let start = 0; start < bucketCount; start += together) {
    const replies = await Promise.all(
      Array.from({ length: together }, (_, index) => asker.look('HLEN', keys.owedBy(start + index) + short)),
    );
    for (const reply of replies) sum += reply.status === 'answer' ? Number(reply.value) : 0;
  }
  return sum;
}
