import type { Clock, Log } from '@rollcall/core/environment';
import { createLeftOutLog } from './left-out-log.ts';
import { createLostLog } from './lost-log.ts';
import type { MinuteLog } from './minute-log.ts';
import type { OutboxBounds } from './outbox-contract.ts';
import { createPutOffLog, type PutOffLog } from './put-off-log.ts';
import { createRefusedLog, type RefusedLog } from './refused-log.ts';

export interface SinkLogsContext {
  readonly sink: { readonly name: string };
  readonly clock: Clock;
  readonly log: Log;
  readonly bounds: OutboxBounds;
}

/** The log lines about one sink's queue, each at most once a minute. */
export interface SinkLogs {
  readonly leftOut: MinuteLog;
  readonly lost: MinuteLog;
  readonly refused: RefusedLog;
  readonly putOff: PutOffLog;
  stop(): void;
}

/** @param refusingTenants how many tenants have a refused event as their latest. */
export function createSinkLogs(context: SinkLogsContext, refusingTenants: () => number): SinkLogs {
  const { name } = context.sink;
  const leftOut = createLeftOutLog(context, { sink: name, ...context.bounds });
  const lost = createLostLog(context, name);
  const refused = createRefusedLog(context, name, refusingTenants);
  const putOff = createPutOffLog(context, name);
  return {
    leftOut,
    lost,
    refused,
    putOff,
    stop() {
      for (const each of [leftOut, lost, refused, putOff]) each.stop();
    },
  };
}
