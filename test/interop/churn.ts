import mqtt, { type MqttClient } from 'mqtt';
import type { RunningUp } from '../e2e/support/up.ts';

/** Devices that come and go, so that each panel of a dashboard has something to show. */
export interface Churn {
  /** Resolves once those have acted that act in this second. */
  tick(): Promise<void>;
  end(): void;
}

export function connect(up: RunningUp, clientId: string, password = 'hono-secret'): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtt://127.0.0.1:${up.mqttPort}`, {
    ...{ username: 'sensor1@DEFAULT_TENANT', password, clientId, reconnectPeriod: 0, protocolVersion: 5 },
  });
}

export function churnOf(up: RunningUp): Churn {
  const crowd: MqttClient[] = [];
  let second = 0;

  /** One that is not let in comes in another second. */
  async function come(clientId: string, password?: string): Promise<MqttClient | undefined> {
    const client = await connect(up, clientId, password).catch(() => undefined);
    client?.on('error', () => {});
    return client;
  }

  /** More and fewer, in waves of two minutes; every other one leaves without a word. */
  async function wave(): Promise<void> {
    const wanted = 7 + Math.round(5 * Math.sin(second / 20));
    if (crowd.length < wanted) {
      const client = await come(`crowd-${second}`);
      if (client) crowd.push(client);
    } else if (crowd.length > wanted) leave(crowd.shift(), second % 2 === 0);
  }

  async function tick(): Promise<void> {
    second += 1;
    await wave();
    if (second % 3 === 0) leave(await come('comes-and-goes'), false);
    if (second % 7 === 0) {
      const first = await come('twice');
      leave(await come('twice'), true);
      first?.end(true);
    }
    if (second % 9 === 0) await come('refused', 'guess');
    if (second % 25 === 0) await postOnce(up);
  }

  return {
    tick,
    end() {
      for (const client of crowd) client.end(true);
    },
  };
}

function leave(client: MqttClient | undefined, isClean: boolean): void {
  if (isClean) client?.end();
  else client?.stream.destroy();
}

/** A device without a connection: it is present for as long as its registration says. */
async function postOnce({ httpPort }: RunningUp): Promise<void> {
  const authorization = `Basic ${Buffer.from('sensor2@DEFAULT_TENANT:hono-secret').toString('base64')}`;
  await fetch(`http://127.0.0.1:${httpPort}/event`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'text/plain' },
    body: 'here',
  }).catch(() => {});
}
