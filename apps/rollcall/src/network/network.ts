import { shutdownRequested } from '@rollcall/adapter-process';
import { codedLog, guardConsole, logFormatOf, tellFatal } from '@rollcall/adapter-process/internal';
import { spreadLastNet } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
import { createLog } from '@rollcall/logger-sink';
import { startMessagingNetwork } from '@rollcall/messaging-network';
import { inOneLine } from '../terminal/terminal.ts';

export interface NetworkCommand {
  readonly port: number;
  readonly dataDir: string;
}

/**
 * `rollcall network`: the embedded messaging network, until it is asked to stop or its parent ends. It has no secrets, and so no
 * options for them: every password is accepted. Its log is on standard output, also when it cannot start. Resolves with the exit
 * status.
 */
export async function network({ port, dataDir }: NetworkCommand): Promise<number> {
  const log = codedLog(createLog({ name: 'network', level: 'info', format: logFormatOf(process.env) }));
  guardConsole(log);
  spreadLastNet(log);
  // Whoever reads that it is ready may ask it to stop at once.
  const stopAsked = shutdownRequested();
  try {
    const running = await startMessagingNetwork({ port, dataDir, log });
    process.send?.('ready');
    await stopAsked;
    await running.close();
    return 0;
  } catch (error) {
    const code = error instanceof TransportError ? error.startCode : 'START_FAILED';
    tellFatal([{ code, text: inOneLine(error) }], { exitStatus: 1 }, log, process);
    return 1;
  }
}
