import { setTimeout as pause } from 'node:timers/promises';
import { codeClass } from '@rollcall/coap/codec';
import { emptyNotificationContentType } from '@rollcall/hono-wire';
import { associate, type CoapAssociation } from '../../../e2e/support/coap-association.ts';
import { deviceId, password } from '../stage.ts';
import { httpPartings, rawHttp, type HttpParting } from './lease-partings.ts';
import { beginLife, ends, sends, type Life } from './life.ts';
import { pickOf } from './pick-of.ts';
import type { DeviceOptions } from './session-device.ts';

type CoapRequest = Parameters<CoapAssociation['coap']['request']>[0];

export type LeaseProtocol = 'http' | 'coap';

export interface LeaseOptions extends DeviceOptions {
  /** How many endings of this device were told so far. */
  endingsOf(device: string): number;
  /** Whether a connection of this device was told whose ending was not. */
  isToldOpen(device: string): boolean;
  /** Whether its adapter ended since then, or just before, and with it all associations: what comes on one of those reaches no one. */
  wasEnded(since: number): boolean;
}

/**
 * What became of a request: only a device that was let in gets this answer; or it may be that of a refusal; or there was none.
 * Whose answer proves nothing may have been heard.
 */
export type Heard = 'heard' | 'answered' | 'nothing';

/** What a device says; all of it proves that it is there, whatever the answer. */
type Says = 'goodbye' | 'data' | 'for nobody' | 'nothing valid' | 'too much' | 'with time for a command';

interface Speaker {
  readonly says: readonly Says[];
  speak(what: Says): Promise<Heard>;
  /** Leaves in the middle of something; `undefined`: as it can over this protocol. */
  part?(how: HttpParting, life: Life): Promise<void>;
  /** Sends what brings no message, and has no answer. */
  stir?(): void;
  close(how?: 'says so'): void;
}

/** Who comes back while its lease still goes on has never been away: a device stays away until its end is told. */
export async function liveLeases(protocol: LeaseProtocol, options: LeaseOptions): Promise<void> {
  const { random, over, lives, endingsOf, isToldOpen, access, disturbed, wasEnded } = options;
  const id = deviceId(options.index);
  const speaker = (protocol === 'http' ? httpSpeaker : coapSpeaker)(options.port, id, () => {
    const life = lives.findLast(({ device }) => device === id);
    if (life) sends(life);
  });
  while (!over()) {
    const told = endingsOf(id);
    const life = beginLife(protocol, id, undefined);
    lives.push(life);
    const script = pickOf(scripts[protocol], random);
    life.script = script;
    for (let left = 1 + random.pick(8); left >= 0 && !over();) {
      const askedAt = Date.now();
      const heard = await speaker.speak(pickOf(speaker.says, random));
      if (heard === 'heard') {
        life.heard?.push({ askedAt, answeredAt: Date.now() });
        if (life.acceptedAt === undefined) life.acceptedAt = Date.now();
        life.outcome = 'accepted';
        left -= 1;
      }
      await pause(200 + random.pick(600));
    }
    if (script === 'access ended' && life.outcome === 'accepted' && !over()) await losesAccess(life, told);
    else if (script === 'close_notify') {
      ends(life, 'close_notify');
      speaker.close('says so');
    } else if (isParting(script) && life.outcome === 'accepted') {
      await speaker.part?.(script, life);
      life.end = { how: 'vanished', at: life.lastByteAt };
    } else {
      const isCutOff = script === 'vanished, after records without data' && (await stirs(life)) === 'cut off';
      if (isCutOff) life.end = { how: 'vanished', at: life.lastByteAt };
      else await says(life, script === 'goodbye');
    }
    // A lease that ran out meanwhile was told, too.
    if (life.outcome === 'accepted')
      while ((endingsOf(id) === told || isToldOpen(id)) && !over()) await pause(100);
    if (script === 'vanished, with its address' || isParting(script)) speaker.close();
    await pause(100 + random.pick(1_000));
    if (life.outcome !== 'accepted') ends(life, 'vanished');
  }
  speaker.close();

  async function says(life: Life, goodbye: boolean): Promise<void> {
    const askedAt = Date.now();
    const understood = goodbye && (await speaker.speak('goodbye')) === 'heard';
    // Nobody knows whether a goodbye without an answer was heard.
    life.end = { how: understood ? 'goodbye' : goodbye ? 'goodbye, reset' : 'vanished', at: askedAt };
    if (understood) life.expected = { clean: true };
  }

  /** It says nothing for longer than its interval, but it is there: its lease goes on, unless the adapter forgets its association. */
  async function stirs(life: Life): Promise<'cut off' | 'heard'> {
    const since = Date.now();
    for (let left = 8; left > 0 && !over(); left--) {
      if (wasEnded(since)) return 'cut off';
      speaker.stir?.();
      await pause(500);
    }
    if (wasEnded(since)) return 'cut off';
    if (disturbed(since)) life.longestSilenceMs = Math.max(life.longestSilenceMs, Date.now() - since);
    await speaker.speak('data');
    return 'heard';
  }

  /** It goes on asking, until it is told that it is not there any more. */
  async function losesAccess(life: Life, told: number): Promise<void> {
    const change = pickOf(access.changes, random);
    life.script = `access ended: ${change}`;
    const restored = access.end(id, change);
    for (let left = 60; left > 0 && endingsOf(id) === told && !over(); left--) {
      await speaker.speak('data');
      await pause(300);
    }
    life.end = { how: 'access ended', at: Date.now() };
    await restored();
  }
}

const always = [
  'goodbye',
  'goodbye',
  'goodbye',
  'vanished',
  'vanished, with its address',
  'access ended',
] as const;
const scripts = {
  http: [...always, ...httpPartings],
  coap: [...always, 'vanished', 'close_notify', 'vanished, after records without data'],
} as const;

function isParting(script: string): script is HttpParting {
  return httpPartings.some((each) => each === script);
}

const withinMs = 4_000;

/**
 * What an answer proves, with its status in HTTP. A disabled device gets 404, as does a gateway for an unknown device; with 503 the
 * network is away, or the server is busy.
 */
export function heardBy(what: Says, status: number, text: string): Heard {
  if (status < 300) return 'heard';
  // It is not known whether the adapter understood it.
  if (what === 'goodbye') return 'answered';
  if (status === 400 || status === 413) return 'heard';
  return status === 503 && !/busy|maximum number/.test(text) ? 'heard' : 'answered';
}

/** @param onSend called for each request */
function httpSpeaker(port: number, id: string, onSend: () => void): Speaker {
  const authorization = `Basic ${Buffer.from(`${id}@acme:${password}`).toString('base64')}`;
  const raw = rawHttp(port, authorization);
  const requests: Readonly<
    Record<
      Says,
      {
        readonly method?: 'PUT';
        readonly path: string;
        readonly headers: Record<string, string>;
        readonly body?: string;
      }
    >
  > = {
    goodbye: { path: '/event', headers: { 'content-type': emptyNotificationContentType, 'hono-ttd': '0' } },
    data: { path: '/event', headers: { 'content-type': 'text/plain' }, body: 'x' },
    'for nobody': {
      method: 'PUT',
      path: '/event/acme/nobody',
      headers: { 'content-type': 'text/plain' },
      body: 'x',
    },
    'nothing valid': { path: '/telemetry', headers: {} },
    'too much': { path: '/telemetry', headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(5_000) },
    'with time for a command': {
      path: '/telemetry',
      headers: { 'content-type': 'text/plain', 'hono-ttd': '1' },
      body: 'x',
    },
  };
  return {
    says: ['data', 'data', 'data', 'for nobody', 'nothing valid', 'too much', 'with time for a command'],
    async speak(what) {
      const { path, ...request } = requests[what];
      onSend();
      try {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          ...request,
          headers: { authorization, ...request.headers },
          signal: AbortSignal.timeout(withinMs),
        });
        return heardBy(what, answer.status, await answer.text());
      } catch {
        return 'nothing';
      }
    },
    part: (how, life) => raw.part(how, life),
    close: () => raw.close(),
  };
}

/** @param onSend called for each datagram, those that are sent again, or acknowledge an answer (RFC 7252 §5.2.2), too */
function coapSpeaker(port: number, id: string, onSend: () => void): Speaker {
  let association: CoapAssociation | undefined;
  const forget = (): void => {
    association?.vanish();
    association = undefined;
  };
  const requests: Readonly<Partial<Record<Says, CoapRequest>>> & { readonly data: CoapRequest } = {
    goodbye: { path: ['e'], query: ['empty', 'hono-ttd=0'], payload: Buffer.alloc(0) },
    data: { path: ['e'], payload: Buffer.from('21.5') },
    'for nobody': { path: ['e', 'acme', 'nobody'], payload: Buffer.from('21.5') },
    'nothing valid': { path: ['nonsense'], payload: Buffer.from('21.5') },
  };
  return {
    says: ['data', 'data', 'data', 'for nobody', 'nothing valid'],
    async speak(what) {
      const on = (association ??= associate(port, `${id}@acme`, password, { onSend }));
      if (await on.opened) {
        const answer = await on.coap.request(requests[what] ?? requests.data).catch(() => undefined);
        if (answer) {
          const status = codeClass(answer.code) * 100 + (answer.code & 0x1f);
          return heardBy(what, status, Buffer.from(answer.payload).toString());
        }
      }
      forget();
      return 'nothing';
    },
    stir: () => association?.send(new Uint8Array()),
    close(how) {
      if (how) association?.close();
      forget();
    },
  };
}
