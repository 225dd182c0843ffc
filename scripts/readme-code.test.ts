import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

// The code in each README of a package compiles, under flags that a strict reader has, with the types of the built packages as a reader
// gets them: build first.

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a reader has before the code begins: imports that it leaves out, and things of the reader's own. */
const before: Readonly<Record<string, string>> = {
  'adapter-process': `
    import type { AdapterParts } from '@rollcall/adapter-process';
    import type { ProtocolAdapter } from '@rollcall/adapter-kit';
    declare function createMyAdapter(options: unknown): ProtocolAdapter;
    declare const options: unknown;
    declare const { registry, passwords, sinks, sender, log }: AdapterParts;`,
  'amqp-connection': `
    import { createAmqpConnection, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
    declare const { host, clock, random, log }: AmqpConnectionOptions;
    declare const encodedMessage: Uint8Array;`,
  'amqp-frame-guard': `
    import type { Socket } from 'node:net';
    import { GuardedSocket } from '@rollcall/amqp-frame-guard';
    declare const socket: Socket;
    declare const log: Pick<Console, 'warn'>;
    declare const connection: { accept(socket: GuardedSocket): void };
    declare function saslIsDone(of: typeof connection): boolean;
    declare function creditOfLink(of: typeof connection, channel: number, handle: number): number;`,
  'amqp-sender': `
    import { createMessaging, type MessagingOptions } from '@rollcall/amqp-sender';
    import type { DeviceMessage } from '@rollcall/core/device-data';
    declare const { host, clock, random, log }: MessagingOptions;
    declare const message: DeviceMessage;`,
  client: '',
  coap: `
    import type { RemoteInfo, Socket } from 'node:dgram';
    import { coapCode, createCoapEndpoint } from '@rollcall/coap';
    import { uriPath } from '@rollcall/coap/options';
    import { systemClock, systemRandom } from '@rollcall/core/environment';
    declare const socket: Socket;
    declare function upload(payload: Uint8Array): Promise<void>;`,
  conformance: `
    import type { EventSink } from '@rollcall/core/sink';
    import type { ConnectionTracker } from '@rollcall/core/tracker';
    declare function createMySink(): EventSink;
    declare const idsThatArrived: readonly string[];
    declare const myTracker: ConnectionTracker<object, { readonly type: 'accepted' | 'packet' | 'closed' }>;`,
  containment: `
    import { createServer, type Socket } from 'node:net';
    import { containServer, createFailureReport, spreadLastNet } from '@rollcall/containment';
    import { systemClock as clock, type Log } from '@rollcall/core/environment';
    declare const log: Log;
    declare function serve(socket: Socket): void;`,
  core: '',
  'device-registry': `
    import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
    import { systemClock as clock, systemRandom as random, type Log } from '@rollcall/core/environment';
    declare const log: Log;`,
  'directory-module': `
    import type {
      AskedForAnnouncements,
      CreateDirectory,
      CreateUndertaker,
      FleetOverview,
    } from '@rollcall/core/directory';
    type Parameter<Of extends (context: never) => unknown> = Parameters<Of>[0];
    declare function joinLoft(url: string | undefined, context: Parameter<CreateDirectory>): ReturnType<CreateDirectory>;
    declare function watchLoft(url: string | undefined, context: Parameter<CreateUndertaker>): ReturnType<CreateUndertaker>;
    declare function lookAt(url: string | undefined): Promise<FleetOverview>;
    declare function tellAllAt(url: string | undefined, name: string): Promise<AskedForAnnouncements>;`,
  'directory-redis': `
    import { redisFleet } from '@rollcall/directory-redis';
    import type { DirectoryContext, UndertakerContext } from '@rollcall/core/directory';
    declare const password: string;
    declare const context: DirectoryContext;
    declare const undertakerContext: UndertakerContext;`,
  dtls: `
    import { createSocket } from 'node:dgram';
    import type { KeyObject } from 'node:crypto';
    import { createDtlsServer } from '@rollcall/dtls';
    declare const systemClock: Parameters<typeof createDtlsServer>[0]['clock'];
    interface Device { readonly id: string }
    declare const log: Pick<Console, 'info'>;
    declare const der: Buffer;
    declare const key: KeyObject;
    declare const registry: {
      pskFor(identity: string): Promise<{ secret: Buffer; principal: Device } | undefined>;
      deviceWith(chain: readonly Buffer[]): Promise<Device | undefined>;
    };
    declare function answerTo(plaintext: Buffer): Buffer;`,
  'hono-wire': `
    import type { ConnectionEvent } from '@rollcall/core/events';
    declare const event: ConnectionEvent;`,
  'logger-sink': '',
  'messaging-module': `
    import type { DeviceDataSender } from '@rollcall/core/device-data';
    import type { EventSink } from '@rollcall/core/sink';
    declare const sink: EventSink;
    declare const sender: DeviceDataSender;`,
  'messaging-network': `
    import { startMessagingNetwork } from '@rollcall/messaging-network';
    import type { Log } from '@rollcall/core/environment';
    declare const log: Log;`,
  options: '',
  'registry-module': `
    import type { DeviceRegistry } from '@rollcall/core/registry';
    declare function openLedger(values: object, context: object): Promise<DeviceRegistry>;`,
  'rhea-internals': `
    import type { ServedPeer } from '@rollcall/containment';
    import { checkRhea, containWrites, internalsOf, silence } from '@rollcall/rhea-internals';
    import type rhea from 'rhea';
    declare const container: rhea.Container;
    declare const peer: ServedPeer;`,
};

const packages = readdirSync(join(root, 'packages')).filter((name) => codeOf(name) !== '');

/** The TypeScript and JavaScript of a README, in one piece. */
function codeOf(name: string): string {
  const file = join(root, 'packages', name, 'README.md');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return [...text.matchAll(/^```(?:ts|js)\n([^]*?)^```/gm)].map(([, code = '']) => code).join('\n');
}

/** In the package itself, where its own name and its dependencies are known. */
function fileOf(name: string): string {
  return join(root, 'packages', name, 'node_modules/.cache/readme-code.ts');
}

test('the code in the README of each package compiles under strict flags', async () => {
  const config = join(root, 'node_modules/.cache/readme-code.json');
  const files = [...packages.map(fileOf), config];
  mkdirSync(join(config, '..'), { recursive: true });
  for (const name of packages) {
    mkdirSync(join(fileOf(name), '..'), { recursive: true });
    writeFileSync(fileOf(name), `${before[name] ?? ''}\n${codeOf(name)}\nexport {};\n`);
  }
  const compilerOptions = {
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    typeRoots: [join(root, 'node_modules/@types')],
    // Examples name things that are used beyond them, and JavaScript reads the environment so.
    noUnusedLocals: false,
    noUnusedParameters: false,
    noPropertyAccessFromIndexSignature: false,
  };
  writeFileSync(
    config,
    JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, files: packages.map(fileOf) }),
  );
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const problems = await promisify(execFile)(process.execPath, [tsc, '-p', config], { cwd: root }).then(
      () => '',
      (error: { readonly stdout?: string; readonly message: string }) => error.stdout ?? error.message,
    );
    expect(problems).toBe('');
  } finally {
    for (const file of files) rmSync(file, { force: true });
  }
});

test('only packages whose README has code are prepared for it', () => {
  expect(packages.toSorted()).toEqual(Object.keys(before).toSorted());
});
