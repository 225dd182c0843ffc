import { followEvents } from './follow-events.ts';
import { shutdown } from './shutdown.ts';
import { teller } from './terminal.ts';

export interface TailCommand {
  readonly url: string;
  readonly tenant: string;
  readonly json: boolean;
  readonly address: string | undefined;
}

/** `rollcall tail`: follows the events of a tenant with a subscription of its own, so that nobody misses one. */
export async function tail({ url, tenant, json, address }: TailCommand): Promise<void> {
  const tell = teller(process.stderr);
  const consumer = followEvents({
    url,
    tenant,
    json,
    announcements: json,
    tell,
    ...(address !== undefined && { address }),
  });
  await shutdown();
  await consumer.close();
}
