import { Aedes, type AedesOptions } from 'aedes';

/** Takes aedes' inner messages and delivers none: devices do not talk to each other here. */
const nobodyListens = {
  on: (_topic: string, _listener: unknown, done?: () => void) => done?.(),
  removeListener: (_topic: string, _listener: unknown, done?: () => void) => done?.(),
  emit: (_packet: unknown, done?: () => void) => done?.(),
  close: (done?: () => void) => done?.(),
};

/** An aedes that speaks MQTT and is no broker: no fan-out between devices, nothing retained, no sessions kept. */
export async function createSilentBroker(options: AedesOptions): Promise<Aedes> {
  const broker = await Aedes.createBroker({ ...options, mq: nobodyListens });
  // aedes' own messages go nowhere: neither those of devices, nor those about them. So none is made.
  broker.publish = (_packet: unknown, client: unknown, done?: unknown): void => {
    const callback = typeof client === 'function' ? client : done;
    if (typeof callback === 'function') callback();
  };
  return broker;
}
