import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventuallyNone } from '../faults/support/eventually.ts';
import { keepRecord, type EventRecord } from '../faults/support/record.ts';
import {
  deviceId,
  password,
  setStage,
  tenants,
  type Stage,
  type StageOptions,
} from '../faults/support/stage.ts';
import { startProtonConsumer, type ProtonConsumer } from './proton-consumer.ts';

const [tenant] = tenants;
const withinMs = 60_000;

export interface ForeignDevices {
  readonly stage: Stage;
  /** All that events said of connections. */
  readonly record: EventRecord;
  /** What a device logs in with: user name and password. */
  readonly credentials: readonly [username: string, password: string];
  /** Runs a device to its end. Resolves to the lines that it printed. */
  run(command: string, args: readonly string[]): Promise<readonly string[]>;
  /** Resolves to payloads of telemetry and events so far, once there are as many. */
  uploads(telemetry: number, events: number): Promise<readonly string[]>;
  /** Resolves to what events said of connections since the last call, once there are `count`. */
  connections(count: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A built adapter, and the network with consumers that are not ours, for devices that are not ours. */
export async function stageForDevices(options: StageOptions): Promise<ForeignDevices> {
  const stage = setStage(options);
  await stage.network.start();
  await stage.adapter.start();
  const record = await keepRecord(stage.networkUrl);
  const consumers = await Promise.all(
    [`telemetry/${tenant}`, `event/${tenant}::devices`].map((address) =>
      startProtonConsumer({ url: stage.networkUrl, address }),
    ),
  );
  let seen = 0;
  return {
    stage,
    record,
    credentials: [`${deviceId(0)}@${tenant}`, password],
    run,
    uploads: (...counts) => uploadsOf(consumers, counts),
    async connections(count) {
      await eventuallyNone(() =>
        record.events.length < seen + count ? [`${record.events.length - seen} of ${count} events`] : [],
      );
      const fresh = record.events.slice(seen);
      seen += fresh.length;
      return fresh.map((event) => (event.type === 'connected' ? event.type : event.reason));
    },
    close: () => closeAll(stage, record, consumers),
  };
}

async function run(command: string, args: readonly string[]): Promise<readonly string[]> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: withinMs });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await once(child, 'close');
  return printed.trim().split('\n');
}

async function uploadsOf(
  consumers: readonly ProtonConsumer[],
  counts: readonly number[],
): Promise<readonly string[]> {
  const uploads = (consumer: ProtonConsumer | undefined): readonly string[] =>
    // Devices send nothing but crosses; the other events are about connections.
    (consumer?.messages ?? []).map(({ body }) => body).filter((body) => /^x+$/.test(body));
  await eventuallyNone(() =>
    counts.flatMap((count, index) => {
      const { length } = uploads(consumers[index]);
      return length < count ? [`${length} of ${count} uploads`] : [];
    }),
  );
  return consumers.flatMap(uploads);
}

async function closeAll(
  stage: Stage,
  record: EventRecord,
  consumers: readonly ProtonConsumer[],
): Promise<void> {
  await Promise.all([record.close(), ...consumers.map((consumer) => consumer.close())]);
  await stage.strike();
}
