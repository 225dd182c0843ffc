import { shutdownRequested } from '@rollcall/adapter-process';
import { eventJson, eventLine, saidJson, saidLine } from './event-line.ts';
import { newsFilter } from './follow-events.ts';
import type { Destination } from '../network/reach.ts';
import { teller } from '../terminal/terminal.ts';
import { watch } from '../network/watch.ts';
import type { Watched } from '../network/watched-source.ts';

export interface TailCommand extends Destination, Watched {
  readonly json: boolean;
}

/**
 * `rollcall tail`: follows the events of tenants. Other consumers miss no event. In a terminal a line fits its width; elsewhere it is
 * whole. Resolves with the exit status.
 */
export async function tail({ json, ...watched }: TailCommand): Promise<number> {
  const tell = teller(process.stderr);
  const { stdout } = process;
  const colours = stdout.isTTY && !process.env['NO_COLOR'];
  const isNews = newsFilter(json);
  const columns = (): number => (stdout.isTTY ? stdout.columns : Infinity);
  const running = watch({
    ...watched,
    tell,
    onEvent(event) {
      if (event.type === 'hono')
        stdout.write(`${json ? saidJson(event) : saidLine(event, colours, columns())}\n`);
      else if ((json || !event.announcement) && isNews(event))
        stdout.write(`${json ? eventJson(event) : eventLine(event, colours, columns())}\n`);
    },
  });
  const why = await Promise.race([shutdownRequested().then(() => undefined), running.hopeless]);
  await running.close();
  if (why === undefined) return 0;
  tell(why);
  return 1;
}
