import { guardConsole } from '@rollcall/adapter-kit';
import { spreadLastNet } from '@rollcall/containment';
import { startMessagingNetwork } from '@rollcall/messaging-network';
import { jsonLog } from './json-log.ts';
import { shutdown } from './shutdown.ts';

export interface NetworkCommand {
  readonly port: number;
  readonly dataDir: string;
}

/** `rollcall network`: the embedded messaging network, until it is asked to stop or its parent ends. */
export async function network({ port, dataDir }: NetworkCommand): Promise<void> {
  const log = jsonLog('network');
  guardConsole(log);
  spreadLastNet(log);
  const running = await startMessagingNetwork({ port, dataDir, log });
  process.send?.('ready');
  await shutdown();
  await running.close();
}
