import { consume, createPresenceTable, type DevicePresence } from '@rollcall/client';
import { printable } from '@rollcall/core';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/core/wire';
import { deviceCells, deviceTable } from './device-table.ts';
import { shutdown } from './shutdown.ts';
import { terminalLog } from './terminal-log.ts';
import { jsonLine, teller } from './terminal.ts';

export interface DevicesCommand {
  readonly url: string;
  readonly tenant: string;
  readonly json: boolean;
  readonly address: string | undefined;
}

/** A device whose adapter falls silent changes without an event. */
const redrawEveryMs = 1_000;
const clearScreen = '\u001B[H\u001B[J';

/**
 * `rollcall devices`: the presence table of a tenant. In a terminal it is drawn anew in place; elsewhere, and with `--json`,
 * every change of a device is a line. The subscription is its own: nobody misses an event.
 */
export async function devices({ url, tenant, json, address }: DevicesCommand): Promise<void> {
  const { stdout } = process;
  const inPlace = stdout.isTTY && !json;
  const tell = teller(process.stderr);
  const table = createPresenceTable();
  let changed = true;

  function draw(): void {
    if (!changed && table.size === 0) return;
    changed = false;
    const screen = {
      columns: stdout.columns,
      rows: stdout.rows - 2,
      colours: !process.env['NO_COLOR'],
    };
    const heading = `${printable(tenant)}: devices that were connected before this began appear when they are announced. Ctrl-C ends.`;
    stdout.write(
      `${clearScreen}${heading.slice(0, screen.columns)}\n\n${deviceTable([...table.all()], screen)}\n`,
    );
  }

  function take(event: ReceivedEvent | HonoConnectionEvent): void {
    const change = table.apply(event);
    changed = true;
    // What is only said changes no status, and is news all the same.
    const news = change?.presence ?? (event.type === 'hono' ? table.get(event.device) : undefined);
    if (news && !inPlace) stdout.write(`${json ? presenceJson(news) : plain(news)}\n`);
  }

  const consumer = consume({
    url,
    tenant,
    temporary: true,
    ...(address !== undefined && { address }),
    log: terminalLog(tell),
    onEvent: take,
    onOther(message) {
      if (message.type === 'hono') take(message);
    },
  });
  const redraw = inPlace ? setInterval(draw, redrawEveryMs) : undefined;
  if (inPlace) draw();
  await shutdown();
  clearInterval(redraw);
  await consumer.close();
}

function plain(presence: DevicePresence): string {
  return deviceCells(presence).join('  ');
}

function presenceJson(presence: DevicePresence): string {
  const { device, ...rest } = presence;
  return jsonLine({ ...device, ...rest });
}
