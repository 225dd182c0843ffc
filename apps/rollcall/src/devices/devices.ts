import { shutdownRequested } from '@rollcall/adapter-process';
import { createPresenceTable, type DevicePresence } from '@rollcall/client';
import { systemClock } from '@rollcall/core/environment';
import { printable } from '@rollcall/core/text';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import { devicesOfService } from './devices-of-service.ts';
import { DeviceNews } from './device-news.ts';
import { presenceLine } from './presence-line.ts';
import { ListeningPeriod } from '../network/listening-period.ts';
import type { Destination } from '../network/reach.ts';
import { drawDevices, printDevices } from './show-devices.ts';
import { teller } from '../terminal/terminal.ts';
import { watch } from '../network/watch.ts';
import type { Watched } from '../network/watched-source.ts';

export interface DevicesCommand extends Destination, Watched {
  readonly json: boolean;
  /** Only who is online. */
  readonly online: boolean;
  /** Listens for this time, prints who is known, and ends; `undefined`: goes on until it is stopped. */
  readonly onceAfterMs: number | undefined;
  /** A presence service to ask, instead of listening. */
  readonly presenceUrl?: string | undefined;
}

/** The table is drawn again at this interval: a device whose adapter falls silent changes without an event. */
const redrawEveryMs = 1_000;

/**
 * `rollcall devices`: the presence table of tenants. In a terminal the table is updated in place; elsewhere, and with `--json`,
 * every change of a device is a line. Other consumers miss no event. Resolves with the exit status.
 */
export async function devices(command: DevicesCommand): Promise<number> {
  const { json, online, onceAfterMs, presenceUrl, ...watched } = command;
  const { stdout } = process;
  const once = onceAfterMs !== undefined;
  if (presenceUrl !== undefined)
    return devicesOfService({ url: presenceUrl, tenants: watched.tenants, json, online, once });
  const inPlace = stdout.isTTY && !json && !once;
  const tell = teller(process.stderr);
  const table = createPresenceTable();
  const lines = new DeviceNews(online);
  let changed = true;
  /** The announcement interval of the adapter with the longest one. */
  let announcedEveryMs: number | undefined;
  const isShown = ({ status }: DevicePresence): boolean => !online || status === 'online';
  const shown = (): DevicePresence[] => [...table.all()].filter(isShown);

  function draw(): void {
    if (!changed && table.size === 0) return;
    changed = false;
    const heading = `${printable(watched.tenants.join(', '))}: devices that were connected before this began appear when they are announced. Ctrl-C ends.`;
    drawDevices(stdout, heading, shown());
  }

  function take(event: ReceivedEvent | HonoConnectionEvent): void {
    table.apply(event);
    changed = true;
    if (event.type !== 'hono' && event.announcement && event.type === 'connected')
      announcedEveryMs = Math.max(announcedEveryMs ?? 0, event.announceIntervalMs ?? 0);
    if (inPlace || once) return;
    const presence = table.get(event.device);
    const isNews = lines.isNews(presence);
    // An event of Hono's own adapters changes no status, but is printed.
    if (isNews || (event.type === 'hono' && isShown(presence))) stdout.write(presenceLine(presence, json));
  }

  const period = once ? new ListeningPeriod({ clock: systemClock, periodMs: onceAfterMs, tell }) : undefined;
  const running = watch({
    ...watched,
    tell,
    onEvent: take,
    onStateChange: (attached) => period?.onStateChange(attached),
  });
  const redraw = inPlace ? setInterval(draw, redrawEveryMs) : undefined;
  if (inPlace) draw();
  const asked = shutdownRequested().then(() => undefined);
  const why = await Promise.race([asked, running.hopeless, ...(period ? [period.over] : [])]);
  period?.close();
  clearInterval(redraw);
  await running.close();
  if (why !== undefined) tell(why);
  if (why !== undefined || !once) return why === undefined ? 0 : 1;
  printDevices(stdout, shown(), json);
  tell(listenedInWords(onceAfterMs, announcedEveryMs));
  return 0;
}

function listenedInWords(periodMs: number, announcedEveryMs: number | undefined): string {
  const listened = `listened for ${periodMs / 1_000} s`;
  if (announcedEveryMs !== undefined && announcedEveryMs <= periodMs) return listened;
  const often =
    announcedEveryMs === undefined
      ? 'nothing was announced meanwhile'
      : `adapters announce every ${announcedEveryMs / 1_000} s`;
  return `${listened}, and ${often}: who was connected before may be missing. --wait SECONDS listens longer`;
}
