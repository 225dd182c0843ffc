import { presence } from '@rollcall/client/presence';
import { tokenIn } from './devices-of-service.ts';
import { endingLine } from './ending-line.ts';
import { writtenOut } from '../terminal/output.ts';
import { reasonOf, teller } from '../terminal/terminal.ts';

export interface EndingsCommand {
  /** Of the presence service. */
  readonly url: string;
  readonly tenants: readonly string[];
  readonly reason: string | undefined;
  /** How far back. */
  readonly withinMs: number;
  readonly json: boolean;
}

/** `rollcall endings`: who left for what reason, the latest first. Resolves with the exit status. */
export async function endings(command: EndingsCommand): Promise<number> {
  const { url, tenants, reason, withinMs, json } = command;
  const { stdout } = process;
  const from = new Date(Date.now() - withinMs);
  const service = presence({ url, token: tokenIn(process.env) });
  try {
    for (const tenant of tenants)
      for await (const each of service.endings(tenant, { from, ...(reason !== undefined && { reason }) }))
        // However many they are, those that nobody has read yet are few.
        if (!stdout.write(endingLine(each, json))) await writtenOut(stdout);
    return 0;
  } catch (error) {
    teller(process.stderr)(`${url}: ${reasonOf(error)}`);
    return 1;
  }
}
