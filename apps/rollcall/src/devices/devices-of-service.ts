import { shutdownRequested } from '@rollcall/adapter-process';
import type { DevicePresence } from '@rollcall/client';
import { presence, type Presence } from '@rollcall/client/presence';
import { ConfigError } from '@rollcall/core';
import { printable } from '@rollcall/core/text';
import { optional, readOptions } from '@rollcall/options';
import { text } from '@rollcall/options/formats';
import { DeviceNews } from './device-news.ts';
import { presenceLine } from './presence-line.ts';
import { ServiceTable } from './service-table.ts';
import { drawDevices, printDevices } from './show-devices.ts';
import { reasonOf, teller } from '../terminal/terminal.ts';

export interface DevicesOfService {
  /** Of the presence service. */
  readonly url: string;
  readonly tenants: readonly string[];
  readonly json: boolean;
  readonly online: boolean;
  /** Prints who is known, and ends. */
  readonly once: boolean;
}

const redrawEveryMs = 1_000;

/** `rollcall devices --presence-url`: the same table, from a service that knows it already. Resolves with the exit status. */
export async function devicesOfService(command: DevicesOfService): Promise<number> {
  const tell = teller(process.stderr);
  const service = presence({ url: command.url, token: tokenIn(process.env) });
  try {
    return command.once ? await printOnce(service, command) : await follow(service, command);
  } catch (error) {
    tell(`${command.url}: ${reasonOf(error)}`);
    return 1;
  }
}

async function printOnce(service: Presence, { tenants, json, online }: DevicesOfService): Promise<number> {
  const found: DevicePresence[] = [];
  for (const tenant of tenants)
    for await (const each of service.all(tenant, online ? { status: 'online' } : {})) found.push(each);
  printDevices(process.stdout, found, json);
  return 0;
}

/** In a terminal the table is updated in place; elsewhere every change of a device is a line. */
async function follow(service: Presence, command: DevicesOfService): Promise<number> {
  const { tenants, json, online } = command;
  const { stdout } = process;
  const inPlace = stdout.isTTY && !json;
  const tables = tenants.map((tenant) => ({ tenant, table: new ServiceTable() }));
  const lines = new DeviceNews(online);
  const over = new AbortController();
  // A reader tries for ever to reach a service: that there is none is to be seen at once.
  for (const tenant of tenants) await service.get({ tenant, device: 'rollcall' });
  const isShown = ({ status }: DevicePresence): boolean => !online || status === 'online';

  function draw(): void {
    const heading = `${printable(tenants.join(', '))}, from ${printable(command.url)}. Ctrl-C ends.`;
    const all = tables.flatMap(({ table }) => [...table.all()]);
    drawDevices(stdout, heading, all.filter(isShown));
  }

  const redraw = inPlace ? setInterval(draw, redrawEveryMs) : undefined;
  const reading = Promise.all(
    tables.map(async ({ tenant, table }) => {
      for await (const news of service.watch(tenant, over.signal))
        for (const each of table.take(news))
          if (!inPlace && lines.isNews(each)) stdout.write(presenceLine(each, json));
    }),
  );
  try {
    await Promise.race([shutdownRequested(), reading]);
  } finally {
    clearInterval(redraw);
    over.abort();
  }
  return 0;
}

/** @throws ConfigError */
export function tokenIn(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const own = Object.entries(env).filter(([name]) => /^ROLLCALL_PRESENCE_TOKEN(?:_FILE)?$/.test(name));
  const token = optional('PRESENCE_TOKEN', text, 'bearer token of the presence service', { secret: true });
  const { values, problems } = readOptions({ token }, Object.fromEntries(own));
  if (problems.length > 0) throw new ConfigError(problems);
  return values.token;
}
