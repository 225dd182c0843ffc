import { codeClass, type CoapMessage } from '@rollcall/coap/codec';
import { associate, type CoapAssociation } from '../../e2e/support/coap-association.ts';
import { deviceId, password } from './stage.ts';

/** A CoAP device, and the truth about it: whether it was heard, and whether it said goodbye and was understood. */
export interface CoapDevice {
  readonly id: string;
  heard: boolean;
  left: boolean;
}

/**
 * CoAP devices over DTLS, each on a socket of its own. They do not give up: an adapter that is killed does not know them any more,
 * and they make a new association.
 */
export interface CoapFleet {
  readonly devices: readonly CoapDevice[];
  /** The next device sends its first request. Resolves once that was answered. */
  appear(): Promise<CoapDevice>;
  /** One more request. */
  report(device: CoapDevice): Promise<void>;
  /** Says goodbye. Resolves once that was answered. */
  leave(device: CoapDevice): Promise<void>;
  /** Somebody with a wrong key, in the name of a device that never appears. */
  intrude(): void;
  end(): void;
}

const intruder = 'device-0@acme';

export function createCoapFleet(port: number): CoapFleet {
  const devices: CoapDevice[] = [];
  const associations = new Map<CoapDevice, CoapAssociation>();
  const intruders: CoapAssociation[] = [];
  let ended = false;

  /** Asks until there is an answer. */
  async function ask(device: CoapDevice, query: readonly string[] = []): Promise<CoapMessage> {
    for (;;) {
      if (ended) throw new Error('the fleet has ended');
      const association = associations.get(device) ?? associate(port, `${device.id}@acme`, password);
      associations.set(device, association);
      if (await association.opened) {
        const payload = Buffer.from(query.length === 0 ? '21.5' : '');
        const answer = await association.coap.request({ path: ['e'], query, payload }).catch(() => undefined);
        if (answer) return answer;
      }
      if (associations.delete(device)) association.vanish();
    }
  }

  async function report(device: CoapDevice): Promise<void> {
    const { code } = await ask(device);
    // 5.03 says that the network is away, and 4.xx that it may not.
    if (codeClass(code) === 4) throw new Error(`${device.id} was refused`);
    device.heard = true;
  }

  return {
    devices,
    report,
    async appear() {
      const device: CoapDevice = { id: deviceId(devices.length + 1), heard: false, left: false };
      devices.push(device);
      await report(device);
      return device;
    },
    async leave(device) {
      await ask(device, ['empty', 'hono-ttd=0']);
      device.left = true;
    },
    intrude: () => void intruders.push(associate(port, intruder, 'guess')),
    end() {
      ended = true;
      for (const association of [...associations.values(), ...intruders]) association.vanish();
      associations.clear();
    },
  };
}
