import { afterEach } from 'vitest';
import { amqpWire, mqttWire } from './device-wire.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { keepRecord, type EventRecord } from './record.ts';
import { setStage, type Stage, type StageOptions } from './stage.ts';

interface Act {
  readonly stage: Stage;
  readonly record: EventRecord;
  readonly fleet: Fleet;
  /** Ends all of it before the test is over. */
  end(): Promise<void>;
}

/** A messaging network, and the record of all events that come to it. */
interface RecordedNetwork {
  readonly port: number;
  readonly record: EventRecord;
}

const closing: (() => Promise<void> | void)[] = [];

/** Ends in its time whatever a test began. */
export function atTheEnd(close: () => Promise<void> | void): void {
  closing.unshift(close);
}

/** One for several adapters: each is a process less. */
export async function networkRuns(): Promise<RecordedNetwork> {
  const { network, networkUrl, strike } = setStage({ protocol: 'mqtt', devices: 0 });
  atTheEnd(strike);
  await network.start();
  const record = await keepRecord(networkUrl);
  atTheEnd(() => record.close());
  return { port: Number(new URL(networkUrl).port), record };
}

/** Everything runs: the network, the record, the adapter; and a fleet at its gates. */
export async function everythingRuns({
  remoteIdLength,
  on,
  ...options
}: Partial<StageOptions> & {
  readonly devices: number;
  /** See `createFleet`. */
  readonly remoteIdLength?: number;
  /** The network that the adapter finds; default: one of its own. */
  readonly on?: RecordedNetwork;
}): Promise<Act> {
  const begun: (() => Promise<void> | void)[] = [];
  const end = async (): Promise<void> => {
    for (const close of begun.splice(0)) await close();
  };
  atTheEnd(end);
  const stage = setStage({ protocol: 'mqtt', ...options, ...(on && { networkPort: on.port }) });
  begun.unshift(() => stage.strike());
  if (!on) await stage.network.start();
  const record = on?.record ?? (await keepRecord(stage.networkUrl));
  if (!on) begun.unshift(() => record.close());
  await stage.adapter.start();
  const fleet = createFleet(stage.port, options.protocol === 'amqp' ? amqpWire : mqttWire, remoteIdLength);
  begun.unshift(() => fleet.end());
  return { stage, record, fleet, end };
}

/** To be called once in each file of tests. */
export function clearUpAfterEach(): void {
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
}
