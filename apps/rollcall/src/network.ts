import { startMessagingNetwork } from '@rollcall/messaging-network';
import { jsonLog } from './json-log.ts';
import { shutdown } from './shutdown.ts';

export interface NetworkCommand {
  readonly port: number;
  readonly dataDir: string;
}

/** `rollcall network`: the embedded messaging network, until it is asked to stop or its parent ends. */
export async function network({ port, dataDir }: NetworkCommand): Promise<void> {
  const running = await startMessagingNetwork({ port, dataDir, log: jsonLog('network') });
  process.send?.('ready');
  await shutdown();
  await running.close();
}
