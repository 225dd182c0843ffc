import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import { createMqttAdapter, type MqttAdapterOptions } from '../adapter.ts';
import { options } from './raw-peer.ts';

/** An adapter that stops with the test. */
export async function givenAnAdapter(
  facts: Partial<MqttAdapterOptions> = {},
  setting: TestSetting = {},
): Promise<AdapterInTest> {
  const adapter = await startForTest(createMqttAdapter({ ...options, ...facts }), setting);
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  return adapter;
}

/** A client that ends with the test. */
export function endsWithTheTest(client: MqttClient): MqttClient {
  onTestFinished(() => void client.end(true));
  return client;
}

/** A real client; `undefined` where the adapter refuses it. */
export function connect(
  port: number,
  facts: IClientOptions,
  heard?: (refusal: string) => void,
): Promise<MqttClient | undefined> {
  const client = endsWithTheTest(mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...facts }));
  return new Promise((resolve) => {
    client.once('connect', () => resolve(client));
    client.once('error', ({ code }: Error & { code?: unknown }) => {
      heard?.(String(code));
      resolve(undefined);
    });
    client.once('close', () => resolve(undefined));
  });
}
