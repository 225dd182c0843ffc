import { openQueries } from '@rollcall/postgres';

// A process that writes as a replica does, and never ends its transaction. It sends a message once it has written.

const [, , url = '', writersLock = ''] = process.argv;
const queries = openQueries({
  ...{ url, writersLock: Number(writersLock), onIdleError() {} },
  unavailable: (message) => new Error(message),
});
await queries.exclusively(async (client) => {
  await client.query("INSERT INTO tenants (id, content, version) VALUES ('half', '{}', 'v')");
  process.send?.('written');
  await new Promise(() => {});
});
