import rhea from 'rhea';
import { type ScriptedPeer } from './index.ts';

export const patient = { creditWaitMs: 5_000, outcomeTimeoutMs: 5_000 };

export const bytes = (id: string | number): Uint8Array =>
  rhea.message.encode({ message_id: String(id), body: 'x' });

export const idsAt = (peer: ScriptedPeer): unknown[] =>
  peer.received.map(({ message }) => message.message_id);

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id);
