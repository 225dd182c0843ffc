import { closeSync, existsSync, openSync, writeSync } from 'node:fs';

/**
 * A sink that writes down what it is given, a line for each event: device, event id, type and connection id. While the file of `LEDGER_AWAY` is there, it
 * is as a network that is away. Keeps nothing in memory: whatever the adapter needs is the adapter's own.
 * @returns {import('@rollcall/core/sink').EventSink}
 */
export default function createLedgerSink() {
  const ledger = openSync(String(process.env['LEDGER']), 'a');
  const away = process.env['LEDGER_AWAY'];
  return {
    name: 'ledger',
    deliver: async ({ event }) => {
      if (away !== undefined && existsSync(away)) return { status: 'retryable', cause: new Error('away') };
      const { device, id, type, connectionId } = event;
      writeSync(ledger, `${device.tenant}/${device.device} ${id} ${type} ${connectionId}\n`);
      return { status: 'delivered' };
    },
    close: async () => closeSync(ledger),
  };
}
