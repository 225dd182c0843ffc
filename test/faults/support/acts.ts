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

const closing: (() => Promise<void> | void)[] = [];

/** Ends in its time whatever a test began. */
export function atTheEnd(close: () => Promise<void> | void): void {
  closing.unshift(close);
}

/** Everything runs: the network, the record, the adapter; and a fleet at its gates. */
export async function everythingRuns(
  options: Partial<StageOptions> & { readonly devices: number },
): Promise<Act> {
  const begun: (() => Promise<void> | void)[] = [];
  const end = async (): Promise<void> => {
    for (const close of begun.splice(0)) await close();
  };
  atTheEnd(end);
  const stage = setStage({ protocol: 'mqtt', ...options });
  begun.unshift(() => stage.strike());
  await stage.network.start();
  const record = await keepRecord(stage.networkUrl);
  begun.unshift(() => record.close());
  await stage.adapter.start();
  const fleet = createFleet(stage.port, options.protocol === 'amqp' ? amqpWire : mqttWire);
  begun.unshift(() => fleet.end());
  return { stage, record, fleet, end };
}

/** To be called once in each file of tests. */
export function clearUpAfterEach(): void {
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
}
