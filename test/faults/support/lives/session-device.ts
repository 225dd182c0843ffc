import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { seededRandom } from '@rollcall/conformance';
import { deviceId, password } from '../stage.ts';
import type { AccessDesk } from './access-desk.ts';
import { dialects, type Dialect, type SessionProtocol } from './dialects.ts';
import { beginLife, ends, sends, type Life } from './life.ts';
import type { Parting } from './partings.ts';
import { pickOf } from './pick-of.ts';

export interface DeviceOptions {
  readonly port: number;
  readonly index: number;
  readonly random: ReturnType<typeof seededRandom>;
  /** Where each life is written down as it begins. */
  readonly lives: Life[];
  readonly access: AccessDesk;
  /** Whether something befell the adapter since then. */
  disturbed(since: number): boolean;
  /** No life begins any more, and those that go on end. */
  over(): boolean;
}

const answerWithinMs = 30_000;

interface Session {
  readonly life: Life;
  readonly dialect: Dialect;
  readonly socket: Socket;
  readonly gone: boolean;
}

/** Lives one life after the other until it is over. */
export async function liveSessions(protocol: SessionProtocol, options: DeviceOptions): Promise<void> {
  const { random, over } = options;
  let next: Session | undefined;
  while (!over()) {
    const dialect = next?.dialect ?? pickOf(dialects[protocol], random);
    if (!next && random.pick(8) === 0) await saysAllAtOnce(dialect, options);
    else {
      const session = next ?? (await open(dialect, options));
      next = undefined;
      if (session.life.outcome === 'accepted') {
        await talk(session, options);
        next = await part(session, options);
      }
    }
    await pause(100 + random.pick(2_000));
  }
  if (next) await leave(next, hungUp);
}

const hungUp: Parting = { script: 'hung up', how: 'hung up', leaving: 'closes its side' };

const strangers = [
  'a wrong password',
  'an unknown device',
  'an unknown tenant',
  'nonsense',
  'TLS',
  'nothing',
] as const;

/** A stranger tries to log in, now and then. */
export async function intrude(protocol: SessionProtocol, options: DeviceOptions): Promise<void> {
  while (!options.over()) {
    const dialect = pickOf(dialects[protocol], options.random);
    const who = pickOf(strangers, options.random);
    const { socket, life } = await open(dialect, options, who);
    life.script = `stranger: ${who}`;
    socket.destroy();
    for (let second = 0; second < 5 && !options.over(); second++) await pause(1_000);
  }
}

/** What a stranger says first. */
function introduction(
  { wire }: Dialect,
  id: string,
  who: (typeof strangers)[number] | undefined,
): Uint8Array {
  const credentials = { username: `${id}@acme`, password, remoteId: id };
  switch (who) {
    case undefined:
      return wire.connect(credentials);
    case 'a wrong password':
      return wire.connect({ ...credentials, password: 'guess' });
    case 'an unknown device':
      return wire.connect({ ...credentials, username: 'nobody@acme' });
    case 'an unknown tenant':
      return wire.connect({ ...credentials, username: `${id}@nowhere` });
    case 'nonsense':
      return Buffer.from('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    case 'TLS':
      // The beginning of a ClientHello (RFC 8446 §5.1).
      return Buffer.from([0x16, 3, 1, 0, 100, 1, 0, 0, 96, 3, 3]);
    case 'nothing':
      return Buffer.alloc(0);
    default:
      return who satisfies never;
  }
}

async function open(
  dialect: Dialect,
  { port, index, lives }: DeviceOptions,
  stranger?: (typeof strangers)[number],
): Promise<Session> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  const failed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  await Promise.race([once(socket, 'connect').catch(() => {}), failed]);
  const id = deviceId(index);
  const life = beginLife(dialect.protocol, id, socket.localPort);
  life.takesOver = dialect.takesOver;
  life.dialect = dialect.name;
  let gone = socket.destroyed;
  if (socket.localPort === undefined)
    return { life: { ...life, outcome: 'refused' }, dialect, socket, gone: true };
  lives.push(life);
  const { wire } = dialect;
  const answered = new Promise<void>((resolve) => {
    let heard = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      if (life.outcome === 'accepted' && dialect.takesBack?.(bytes)) {
        life.outcome = 'refused';
        life.acceptedAt = undefined;
      }
      if (life.outcome !== 'unknown') return;
      heard = Buffer.concat([heard, bytes]);
      const answer = wire.readAnswer(heard);
      if (answer === undefined) return;
      life.outcome = answer;
      if (answer === 'accepted') life.acceptedAt = Date.now();
      resolve();
    });
  });
  socket.once('end', () => (gone = true));
  socket.once('close', () => (gone = true));
  sends(life);
  socket.write(introduction(dialect, id, stranger));
  const waited = new AbortController();
  await Promise.race([
    answered,
    failed,
    pause(stranger === undefined ? answerWithinMs : 1_000, undefined, { signal: waited.signal }).catch(
      () => {},
    ),
  ]);
  waited.abort();
  if (life.outcome !== 'accepted') {
    ends(life, 'hung up');
    socket.destroy();
    // A device with a made-up name is never connected, whatever it hears.
    if (stranger !== undefined) life.outcome = 'refused';
  }
  return {
    life,
    dialect,
    socket,
    get gone() {
      return gone;
    },
  };
}

/** Login, an upload and goodbye in one go, before anything was answered. */
async function saysAllAtOnce(dialect: Dialect, options: DeviceOptions): Promise<void> {
  const { port, index, lives, disturbed, random } = options;
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([once(socket, 'connect').catch(() => {}), closed]);
  if (socket.localPort === undefined) return;
  const id = deviceId(index);
  const life = beginLife(dialect.protocol, id, socket.localPort);
  life.takesOver = dialect.takesOver;
  life.dialect = dialect.name;
  lives.push(life);
  const goodbye = dialect.partings[0]?.bytes ?? Buffer.alloc(0);
  const staysOpen = random.pick(2) === 0;
  life.script = staysOpen ? 'all at once' : 'all at once, and closes its side';
  ends(life, 'goodbye');
  let heard = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => (heard = Buffer.concat([heard, bytes])));
  socket.write(Buffer.concat([introduction(dialect, id, undefined), dialect.hasty, goodbye]));
  if (!staysOpen) socket.end();
  await Promise.race([closed, pause(answerWithinMs, undefined, { ref: false })]);
  socket.destroy();
  life.acceptedAt = Date.now();
  // An adapter that was killed may never have read it.
  if (!disturbed(life.begunAt)) life.outcome = isRefusal(dialect, heard) ? 'refused' : 'accepted';
}

/** AMQP answers a goodbye as it refuses, with a Close: only a refusal has a condition. */
function isRefusal({ protocol, wire }: Dialect, heard: Buffer): boolean {
  return wire.readAnswer(heard) === 'refused' && (protocol !== 'amqp' || heard.includes('amqp:'));
}

async function talk({ life, socket, dialect }: Session, { random, over }: DeviceOptions) {
  for (
    let left = random.pick(8);
    left >= 0 && !socket.readableEnded && !socket.destroyed && !over();
    left--
  ) {
    sends(life);
    socket.write(random.pick(3) === 0 ? pickOf(dialect.talk, random) : dialect.wire.ping);
    await pause(200 + random.pick(600));
  }
}

/** @returns the session that took its place, where one did. */
async function part(session: Session, options: DeviceOptions): Promise<Session | undefined> {
  const { life, socket, dialect } = session;
  const { random, over } = options;
  if (session.gone || socket.destroyed) {
    ends(life, 'closed');
    socket.destroy();
    return undefined;
  }
  if (over()) return leave(session, hungUp);
  const dice = random.pick(20);
  if (dice < 4 && dialect.takesOver) return isTakenOver(session, options);
  if (dice === 4) return trickles(session, options);
  if (dice < 7) return losesAccess(session, options);
  return leave(session, pickOf(dialect.partings, random));
}

async function isTakenOver({ life, socket, dialect }: Session, options: DeviceOptions): Promise<Session> {
  life.script = 'taken over';
  ends(life, 'taken over');
  const newer = await open(dialect, options);
  socket.destroy();
  return newer;
}

/** It sends bytes, and never a whole packet: that keeps no device connected. */
async function trickles({ life, socket, dialect }: Session, { over }: DeviceOptions): Promise<undefined> {
  life.script = 'trickled';
  life.awaits = 'trickled';
  sends(life);
  socket.write(dialect.drip.first);
  for (let left = 30; left > 0 && !socket.readableEnded && !socket.destroyed && !over(); left--) {
    await pause(200);
    sends(life);
    socket.write(dialect.drip.next);
  }
  ends(life, socket.readableEnded || socket.destroyed ? 'trickled' : 'hung up');
  socket.destroy();
  return undefined;
}

/** It goes on until the adapter closes, since its access ended. */
async function losesAccess(
  { life, socket, dialect }: Session,
  { access, index, random, over }: DeviceOptions,
): Promise<undefined> {
  const id = deviceId(index);
  const change = pickOf(access.changes, random);
  life.script = `access ended: ${change}`;
  life.awaits = 'access ended';
  const restored = access.end(id, change);
  for (let left = 60; left > 0 && !socket.readableEnded && !socket.destroyed && !over(); left--) {
    sends(life);
    socket.write(dialect.wire.ping);
    await pause(300);
  }
  const isClosed = socket.readableEnded || socket.destroyed;
  if (!isClosed) life.script = 'hung up';
  ends(life, isClosed ? 'access ended' : 'hung up');
  socket.destroy();
  await restored();
  return undefined;
}

async function leave({ life, socket }: Session, parting: Parting): Promise<undefined> {
  const { bytes, leaving } = parting;
  life.script = parting.script;
  if (parting.expected) life.expected = parting.expected;
  if (bytes) sends(life);
  ends(life, parting.how);
  if (leaving === 'closes its side') socket.end(bytes ?? Buffer.alloc(0));
  else if (leaving === 'resets' && bytes) socket.write(bytes, () => socket.resetAndDestroy());
  else if (leaving === 'resets') socket.resetAndDestroy();
  else if (bytes) socket.write(bytes);
  // One that stays as it is stays so until the adapter closes it.
  socket.resume();
  return undefined;
}
