import { createAmqpConnection } from '@rollcall/amqp-connection';
import { silentLog, systemClock as clock, systemRandom as random } from '@rollcall/core/environment';

/** Who hears of changes of the registry, as an adapter does. */
export interface NotificationWatch {
  readonly heard: readonly Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

export async function watchNotifications(port: number, address: string): Promise<NotificationWatch> {
  const heard: Readonly<Record<string, unknown>>[] = [];
  const connection = createAmqpConnection({
    ...{ host: '127.0.0.1', port, username: 'watch', password: 'w', containerName: 'watch' },
    ...{ clock, random, log: silentLog },
  });
  await new Promise<void>((resolve) => {
    connection.openReceiver(address, {
      credit: 10,
      async onMessage({ body = new Uint8Array() }) {
        heard.push(JSON.parse(Buffer.from(body).toString()) as Readonly<Record<string, unknown>>);
        return 'accepted';
      },
      onStateChange: (attached) => attached && resolve(),
    });
  });
  return { heard, close: () => connection.close() };
}
