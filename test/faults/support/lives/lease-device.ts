import { setTimeout as pause } from 'node:timers/promises';
import { codeClass } from '@rollcall/coap';
import { associate, type CoapAssociation } from '../../../e2e/support/coap-association.ts';
import { deviceId, password } from '../stage.ts';
import { beginLife, ends, sends } from './life.ts';
import type { DeviceOptions } from './session-device.ts';

export type LeaseProtocol = 'http' | 'coap';

export interface LeaseOptions extends DeviceOptions {
  /** How many endings of this device were told so far. */
  endingsOf(device: string): number;
}

/** What became of a request: the device was heard, or nobody knows. */
type Heard = boolean;

interface Speaker {
  speak(goodbye: boolean): Promise<Heard>;
  close(): void;
}

/** Who comes back while its lease still goes on has never been away: a device stays away until its end is told. */
export async function liveLeases(protocol: LeaseProtocol, options: LeaseOptions): Promise<void> {
  const { random, over, lives, endingsOf } = options;
  const id = deviceId(options.index);
  const speaker = (protocol === 'http' ? httpSpeaker : coapSpeaker)(options.port, id);
  while (!over()) {
    const told = endingsOf(id);
    const life = beginLife(protocol, id, undefined);
    lives.push(life);
    for (let left = 1 + random.pick(8); left >= 0 && !over();) {
      sends(life);
      if (await speaker.speak(false)) {
        if (life.acceptedAt === undefined) life.acceptedAt = Date.now();
        life.outcome = 'accepted';
        life.lastAnsweredAt = Date.now();
        // It acknowledges the answer (RFC 7252 §5.2.2).
        if (protocol === 'coap') sends(life);
        left -= 1;
      }
      await pause(200 + random.pick(600));
    }
    const saysGoodbye = random.pick(2) === 0;
    if (saysGoodbye) sends(life);
    const askedAt = Date.now();
    const understood = saysGoodbye && (await speaker.speak(true));
    // Nobody knows whether a goodbye without an answer was heard.
    life.end = { how: understood ? 'goodbye' : saysGoodbye ? 'goodbye, reset' : 'vanished', at: askedAt };
    if (life.outcome === 'accepted') while (endingsOf(id) === told && !over()) await pause(100);
    await pause(100 + random.pick(1_000));
    if (life.outcome !== 'accepted') ends(life, 'vanished');
  }
  speaker.close();
}

const withinMs = 4_000;

function httpSpeaker(port: number, id: string): Speaker {
  const authorization = `Basic ${Buffer.from(`${id}@acme:${password}`).toString('base64')}`;
  return {
    async speak(goodbye) {
      const kind = goodbye
        ? { 'content-type': 'application/vnd.eclipse-hono-empty-notification', 'hono-ttd': '0' }
        : { 'content-type': 'text/plain' };
      try {
        const { status } = await fetch(`http://127.0.0.1:${port}/event`, {
          method: 'POST',
          headers: { authorization, ...kind },
          ...(!goodbye && { body: 'x' }),
          signal: AbortSignal.timeout(withinMs),
        });
        // 503: the network is away, and the device was heard.
        return status === 202 || (status === 503 && !goodbye);
      } catch {
        return false;
      }
    },
    close() {},
  };
}

function coapSpeaker(port: number, id: string): Speaker {
  let association: CoapAssociation | undefined;
  const forget = (): void => {
    association?.vanish();
    association = undefined;
  };
  return {
    async speak(goodbye) {
      const on = (association ??= associate(port, `${id}@acme`, password));
      if (await on.opened) {
        const request = goodbye
          ? { query: ['empty', 'hono-ttd=0'], payload: Buffer.alloc(0) }
          : { payload: Buffer.from('21.5') };
        const answer = await on.coap.request({ path: ['e'], ...request }).catch(() => undefined);
        if (answer) return codeClass(answer.code) === 2 || (codeClass(answer.code) === 5 && !goodbye);
      }
      forget();
      return false;
    },
    close: forget,
  };
}
