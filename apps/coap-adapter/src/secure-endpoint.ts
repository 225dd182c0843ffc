import type { AdapterHost } from '@rollcall/adapter-kit';
import type { DatagramCounters } from './datagram-counters.ts';
import type { Endpoint } from './endpoint.ts';
import { SecureDevices } from './secure-devices.ts';
import type { SecureEndpointOptions, SecureListener } from './secure-endpoint-options.ts';
import { bindUdp } from './udp-socket.ts';

/** The port for CoAP over DTLS. */
export async function openSecureEndpoint(
  listener: SecureListener,
  options: SecureEndpointOptions,
  host: AdapterHost,
  counters: DatagramCounters,
): Promise<Endpoint> {
  const devices = new SecureDevices(listener, options, host, (datagram, peer) => socket.send(datagram, peer));
  const socket = await bindUdp('coaps', listener, host.context, counters, devices);
  return {
    listening: socket.listening,
    get statistics() {
      return devices.statistics;
    },
    stopAccepting: () => devices.stopAccepting(),
    close() {
      devices.close();
      socket.close();
    },
  };
}
