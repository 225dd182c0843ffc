import { silentLog, systemClock } from '@rollcall/core/environment';
import { createAmqpConnection, type AmqpConnection } from '../amqp-connection.ts';
import type { AmqpConnectionOptions } from '../options.ts';
import { startScriptedPeer, type ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts';

/** Opens peers and connections for a test, and ends what it opened. */
export interface TestBed {
  /** A connection to a port of this machine, redialling quickly. */
  connectTo(port: number, facts?: Partial<AmqpConnectionOptions>): AmqpConnection;
  givenAPeer(
    facts?: Partial<AmqpConnectionOptions>,
    peerOptions?: ScriptedPeerOptions,
  ): Promise<{ readonly peer: ScriptedPeer; readonly connection: AmqpConnection }>;
  /** Closes something else with the rest, in reverse order of opening. */
  own(closable: { close(): Promise<void> }): void;
  closeAll(): Promise<void>;
}

export function createTestBed(): TestBed {
  const opened: { close(): Promise<void> }[] = [];
  const bed: TestBed = {
    connectTo(port, facts = {}) {
      const connection = createAmqpConnection({
        host: '127.0.0.1',
        port,
        containerName: 'test',
        clock: systemClock,
        random: { bytes: (length) => new Uint8Array(length), next: () => 0.5 },
        log: silentLog,
        redial: { minDelayMs: 0, maxDelayMs: 20, incrementMs: 1 },
        ...facts,
      });
      opened.push(connection);
      return connection;
    },
    async givenAPeer(facts, peerOptions) {
      const peer = await startScriptedPeer(peerOptions);
      opened.push(peer);
      return { peer, connection: bed.connectTo(peer.port, facts) };
    },
    own: (closable) => void opened.push(closable),
    async closeAll() {
      for (const each of opened.splice(0).toReversed()) await each.close();
    },
  };
  return bed;
}
