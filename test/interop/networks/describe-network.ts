import { setTimeout as pause } from 'node:timers/promises';
import type { NetworkChoice } from '@rollcall/amqp-sender';
import { seededRandom } from '@rollcall/conformance';
import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { beginChurn } from '../../faults/support/churn.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { mqttWire } from '../../faults/support/device-wire.ts';
import { createFleet } from '../../faults/support/fleet.ts';

import { password, setStage, type Stage } from '../../faults/support/stage.ts';
import { differences } from '../../faults/support/verdict.ts';
import { startProtonConsumer, type ProtonConsumer, type ProtonConsumerOptions } from '../proton-consumer.ts';
import { describeClient } from './describe-client.ts';
import type { InteropNetwork, NetworkTraits } from './interop-network.ts';
import { deliverAtLast, deliverOnce, openEventsSink } from './network-client.ts';
import { keepProtonRecord } from './proton-record.ts';

const devices = 50;
const actionsPerSecond = 100;

interface NetworkUnderTest {
  /** Whether there is such a network here. */
  readonly available: boolean;
  readonly traits: NetworkTraits;
  create(): InteropNetwork;
}

/** What holds on every messaging network, with consumers on Qpid Proton. */
export function describeNetwork(name: string, { available, traits, create }: NetworkUnderTest): void {
  const opened: (() => Promise<unknown> | void)[] = [];
  let network: InteropNetwork;

  describe.runIf(available)(`messaging network: ${name}`, () => {
    beforeAll(async () => {
      network = create();
      await network.start();
    });
    afterEach(async () => {
      for (const close of opened.splice(0).toReversed()) await close();
    });
    afterAll(() => network.cleanUp());

    async function consume(
      endpoint: 'event' | 'telemetry',
      tenant: string,
      options: Pick<ProtonConsumerOptions, 'verdicts'> = {},
    ): Promise<ProtonConsumer> {
      const consumer = await startProtonConsumer({
        url: `amqp://127.0.0.1:${network.port}`,
        ...network.source(endpoint, tenant),
        ...options,
      });
      opened.push(() => consumer.close());
      return consumer;
    }

    async function givenAnAdapter(): Promise<Stage> {
      const stage = setStage({
        protocol: 'mqtt',
        devices,
        networkPort: network.port,
        environment: {
          ROLLCALL_MESSAGING_NETWORK: network.choice.name,
          ...(network.credentials && {
            ROLLCALL_MESSAGING_USERNAME: network.credentials.username,
            ROLLCALL_MESSAGING_PASSWORD: network.credentials.password,
          }),
        },
      });
      opened.push(() => stage.strike());
      await stage.adapter.start();
      return stage;
    }

    function givenASink(choice?: Partial<NetworkChoice>) {
      const sink = openEventsSink(network, choice);
      opened.push(() => sink.close());
      return sink;
    }

    describeClient(() => network, traits);

    test('a consumer that is not ours gets connection events and data of devices', async () => {
      const stage = await givenAnAdapter();
      const events = await consume('event', 'acme');
      const telemetry = await consume('telemetry', 'acme');
      const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${stage.port}`, {
        username: 'device-1@acme',
        password,
        protocolVersion: 5,
      });
      await device.publishAsync('event', '{"temp": 21.5}', { qos: 1 });
      await device.publishAsync('telemetry/?content-type=text%2Fplain', '21.5', { qos: 1 });
      await device.endAsync();

      const arrived = (await events.until(3)).toSorted((one, other) => one.creationTime - other.creationTime);
      const [connected, uploaded, disconnected] = arrived;
      for (const event of [connected, disconnected])
        expect(event).toMatchObject({
          durable: true,
          contentType: 'application/vnd.eclipse-hono-dc-notification+json',
          isData: true,
          annotations: { tenant_id: 'acme', device_id: 'device-1', resource: 'event/acme/device-1' },
          properties: { orig_adapter: 'hono-mqtt', cloudEvents_subject: 'acme/device-1', qos: 1 },
          propertyKinds: { qos: 'int32' },
        });
      expect(connected?.properties['cloudEvents_type']).toBe('rollcall.device.connected');
      expect(JSON.parse(disconnected?.body ?? '')).toMatchObject({
        cause: 'disconnected',
        data: { reason: 'client-closed', 'event-id': disconnected?.id },
      });
      expect(uploaded).toMatchObject({ durable: true, isData: true, body: '{"temp": 21.5}' });
      const [measured] = await telemetry.until(1);
      expect(measured).toMatchObject({
        isData: true,
        body: '21.5',
        contentType: 'text/plain',
        annotations: { tenant_id: 'acme', device_id: 'device-1', resource: 'telemetry/acme/device-1' },
      });
    });

    test('a consumer gets the subject and the annotations that are configured', async () => {
      const sink = givenASink({
        subject: '{tenant}.{device}',
        annotations: { 'x-opt-partition-key': '{device}' },
      });
      const consumer = await consume('event', 'dressed');
      expect(await deliverOnce(sink, 'dressed', 'e1')).toBe('delivered');
      expect((await consumer.until(1))[0]).toMatchObject({
        id: 'e1',
        address: 'event/dressed',
        subject: 'dressed.device-1',
        annotations: { tenant_id: 'dressed', 'x-opt-partition-key': 'device-1' },
      });
    });

    test.runIf(traits.relays)(
      'events that are sent over an anonymous relay reach the same address as without it',
      async () => {
        const sink = givenASink({ links: 'anonymous-relay' });
        const consumers = await Promise.all(['one', 'other'].map((tenant) => consume('event', tenant)));
        for (const tenant of ['one', 'other'])
          expect(await deliverOnce(sink, tenant, tenant)).toBe('delivered');
        for (const [index, id] of ['one', 'other'].entries())
          expect(await consumers[index]?.until(1)).toMatchObject([
            { id, address: network.source('event', id).address },
          ]);
      },
    );

    test(`a network that is killed and started again while devices come and go loses ${traits.keeps ? 'nothing' : 'nothing since its start'}`, async () => {
      const record = await keepProtonRecord(network);
      opened.push(() => record.close());
      const stage = await givenAnAdapter();
      const fleet = createFleet(stage.port, mqttWire);
      opened.push(() => fleet.end());
      const churn = beginChurn({ fleet, random: seededRandom(7), devices, actionsPerSecond });
      await pause(2_000);
      await network.end('SIGKILL');
      await pause(1_000);
      await network.start();
      const restartedAt = Date.now();
      await pause(3_000);
      await churn.stop();

      const refused = fleet.attempts.filter(({ outcome }) => outcome === 'refused');
      // Wrong passwords, and nothing else: no device waits for the network.
      expect(new Set(refused.map(({ device }) => device))).toEqual(new Set(['device-0']));
      const accountable = new Set(
        fleet.attempts
          .filter(({ acceptedAt = 0 }) => traits.keeps || acceptedAt > restartedAt)
          .map(({ remoteId }) => remoteId),
      );
      expect(accountable.size).toBeGreaterThan(50);
      const problems = (): readonly string[] =>
        differences(record, fleet).filter(
          (problem) => traits.keeps || accountable.has(problem.split(':', 1)[0] ?? ''),
        );
      await eventuallyNone(problems, 60_000);
    });

    test.runIf(traits.givesBack.length > 0)(
      'a message that a consumer releases comes again, one that it rejects does not, and the sender has its outcome in both cases',
      async () => {
        const sink = givenASink();
        const verdicts = [...traits.givesBack, 'reject', 'accept'] as const;
        for (const verdict of verdicts)
          expect(await deliverOnce(sink, 'outcomes', verdict)).toBe('delivered');
        const picky = await consume('event', 'outcomes', { verdicts });
        // When something comes again is up to the network.
        const all = [...verdicts, ...traits.givesBack].toSorted();
        const ids = (await picky.until(all.length)).map(({ id }) => id).toSorted();
        expect(ids).toEqual(all);
      },
    );

    test.each([...traits.full])(
      'where a queue is full ($tells) the sender learns it, other tenants are served, and nothing is lost once there is room',
      async ({ tenant, events, tells }) => {
        const sink = givenASink();
        const ids = Array.from({ length: events }, (_, index) => `${tenant}-${index}`);
        const causes: string[] = [];
        const delivered = Promise.all(ids.map((id) => deliverAtLast(sink, tenant, id, causes)));
        await expect.poll(() => causes.some((cause) => tells.test(cause)), { timeout: 20_000 }).toBe(true);
        expect(causes.filter((cause) => cause.startsWith('refused'))).toEqual([]);
        for (const id of ['1', '2', '3']) await deliverAtLast(sink, 'served', id);

        const consumer = await consume('event', tenant);
        await delivered;
        await expect
          .poll(() => new Set(consumer.messages.map(({ id }) => id)).size, { timeout: 60_000 })
          .toBe(events);
      },
    );

    test.runIf(traits.bad)('a link with a bad address does no harm to other links', async () => {
      const { tenant, tells } = traits.bad ?? { tenant: '', tells: /^$/ };
      const sink = givenASink();
      expect(await deliverOnce(sink, 'good', 'first')).toBe('delivered');
      for (let round = 0; round < 5; round++) {
        const [bad, ...good] = await Promise.all([
          deliverOnce(sink, tenant, `bad-${round}`),
          ...['a', 'b', 'c'].map((each) => deliverOnce(sink, 'good', `${each}-${round}`)),
        ]);
        expect(bad).toMatch(/^retryable: link refused/);
        expect(bad).toMatch(tells);
        expect(good).toEqual(['delivered', 'delivered', 'delivered']);
        // Longer than a refusal is remembered: it is asked for again.
        await pause(600);
      }
    });
  });
}
