import { consume, type EventConsumer } from '@rollcall/client';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { eventJson, eventLine, saidJson, saidLine } from './event-line.ts';
import { terminalLog } from '../terminal/terminal-log.ts';

export interface FollowOptions {
  readonly url: string;
  readonly tenant: string;
  readonly json: boolean;
  /** Name of a durable subscription; absent: a temporary one, which ends with this process. */
  readonly application?: string;
  readonly address?: string;
  /** Whether announcements are printed too. They repeat events. */
  readonly announcements: boolean;
  onEvent?(event: ReceivedEvent): void;
  /** Tells people about the connection, in one line. */
  tell(line: string): void;
}

/** Events that are remembered, so that none is printed twice. */
const remembered = 10_000;

/** Prints connection events to standard output as they arrive: as JSON all of them, for people each once. */
export function followEvents(options: FollowOptions): EventConsumer {
  const { json, application, address } = options;
  const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
  let attachedBefore = false;

  const isNews = newsFilter(json);

  return consume({
    url: options.url,
    tenant: options.tenant,
    ...(address !== undefined && { address }),
    ...(application === undefined ? { temporary: true } : { application }),
    log: terminalLog(options.tell),
    onEvent(event) {
      if (event.announcement && !options.announcements) return;
      if (isNews(event)) process.stdout.write(`${json ? eventJson(event) : eventLine(event, colours)}\n`);
      options.onEvent?.(event);
    },
    onOther(message) {
      if (message.type === 'hono')
        process.stdout.write(`${json ? saidJson(message) : saidLine(message, colours)}\n`);
    },
    onStateChange(attached) {
      if (attached && attachedBefore) options.tell('connected to the Events API again');
      attachedBefore = true;
    },
  });
}

/** Says whether an event is to be printed: delivery is at least once, and people should not read an event twice. */
export function newsFilter(json: boolean): (event: ReceivedEvent) => boolean {
  const printed = new Set<string>();
  return ({ id, announcement }) => {
    if (json || announcement) return true;
    if (printed.has(id)) return false;
    printed.add(id);
    const [oldest] = printed;
    if (printed.size > remembered && oldest !== undefined) printed.delete(oldest);
    return true;
  };
}
