import {
  contentOf,
  isNotFound,
  listOf,
  pathOf,
  type Json,
  type ManagementClient,
} from './management-client.ts';
import type { Named } from './named.ts';

const pageSize = 200;

/** Tenants, or devices of one, in the order of their ids. @throws Error where they cannot be had */
export async function* entriesOf(client: ManagementClient, tenant: string | undefined): AsyncGenerator<Json> {
  const path = tenant === undefined ? 'v1/tenants' : `v1/devices/${encodeURIComponent(tenant)}`;
  for (let page = 0; ; page++) {
    const answer = await client.ask('GET', `${path}?pageSize=${pageSize}&pageOffset=${page}`);
    // That nothing is found and that there is no such tenant look the same.
    if (isNotFound(answer)) {
      if (page === 0 && tenant !== undefined) await requireThere(client, { tenant });
      return;
    }
    const result = listOf(answer, 'result') as readonly Json[];
    yield* result;
    if (result.length < pageSize) return;
  }
}

/** What is stored of a tenant, or of a device with its credentials. Secrets are not told. */
export async function entryOf(client: ManagementClient, named: Named): Promise<Json> {
  const content = await requireThere(client, named);
  const { tenant, device } = named;
  if (device === undefined) return { 'tenant-id': tenant, ...content };
  const answer = await client.ask('GET', pathOf(named, 'credentials'));
  return { 'device-id': device, ...content, credentials: listOf(answer) };
}

/** What is stored of it by itself. @throws Error where it is not there */
export async function requireThere(client: ManagementClient, named: Named): Promise<Json> {
  return contentOf(await client.ask('GET', pathOf(named)));
}
