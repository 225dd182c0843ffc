import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import { onTestFinished } from 'vitest';
import { createMqttAdapter, type MqttAdapterOptions } from '../adapter.ts';
import { options, rawPeer, type RawPeer } from './raw-peer.ts';

export interface PeerInTest extends AdapterInTest {
  readonly peer: RawPeer;
  readonly connack: Packet;
  /** Sends a PUBLISH of QoS 1 and packet id 7 unless told otherwise. */
  publish(topic: string, facts?: Partial<IPublishPacket>): void;
  /** Resolves when all that was sent was read: what came before the answer. */
  heardUntilPing(): Promise<readonly Packet[]>;
}

/** A device that is connected to an adapter of its own, packet by packet, until the test is over. */
export async function givenAPeer(
  version: 4 | 5,
  {
    connect = {},
    adapter: facts = {},
    setting = {},
  }: { connect?: object; adapter?: Partial<MqttAdapterOptions>; setting?: TestSetting } = {},
): Promise<PeerInTest> {
  const adapter = await startForTest(createMqttAdapter({ ...options, ...facts }), setting);
  const peer = rawPeer(adapter.address.port, version);
  onTestFinished(async () => {
    peer.socket.destroy();
    await adapter.running.stop({ graceMs: 0 });
  });
  const connack = await peer.connect(connect);
  return {
    ...adapter,
    peer,
    connack,
    publish(topic, publishFacts = {}) {
      const qos = publishFacts.qos ?? 1;
      peer.send({
        cmd: 'publish',
        topic,
        payload: Buffer.from('21.5'),
        qos,
        ...(qos > 0 && { messageId: 7 }),
        dup: false,
        retain: false,
        ...publishFacts,
      });
    },
    async heardUntilPing() {
      peer.send({ cmd: 'pingreq' });
      const heard: Packet[] = [];
      for (let packet = await peer.next(); packet.cmd !== 'pingresp'; packet = await peer.next())
        heard.push(packet);
      return heard;
    },
  };
}
