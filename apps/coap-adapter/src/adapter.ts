import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import type { Listener } from '@rollcall/adapter-kit/listening';
import { registerCoapMetrics } from './coap-metrics.ts';
import { countDatagrams } from './datagram-counters.ts';
import type { Endpoint } from './endpoint.ts';
import { openPlainEndpoint, type PlainEndpointOptions } from './plain-endpoint.ts';
import { openSecureEndpoint } from './secure-endpoint.ts';
import type { SecureEndpointOptions, SecureListener } from './secure-endpoint-options.ts';

export interface CoapAdapterOptions extends SecureEndpointOptions, PlainEndpointOptions {
  readonly secure: SecureListener;
  /** Absent: closed. */
  readonly plain?: Listener;
}

/** Listens for CoAP devices. `tracker.ts` decides when they are present. */
export function createCoapAdapter(options: CoapAdapterOptions): ProtocolAdapter {
  return {
    type: 'hono-coap',
    presence: 'lease',
    oneProcessSince:
      'datagrams would go to any process, and not to the one that holds their association. Run several adapters behind a ' +
      'balancer that goes by Connection ID or address, with ROLLCALL_DIRECTORY_URL',
    credentialsTypes: ['psk', 'x509-cert'],
    start: (host) => startCoap(options, host),
  };
}

async function startCoap(options: CoapAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const endpoints: Endpoint[] = [];
  const counters = countDatagrams(host.context);
  registerCoapMetrics(host.context, () => endpoints.map(({ statistics }) => statistics));
  const closeAll = (): void => {
    for (const endpoint of endpoints) endpoint.close();
  };
  try {
    endpoints.push(await openSecureEndpoint(options.secure, options, host, counters));
    if (options.plain) {
      endpoints.push(await openPlainEndpoint(options.plain, options, host, counters));
      host.context.log.warn(
        { port: options.plain.port },
        options.authenticationRequired
          ? 'the port without DTLS is open, where no device can authenticate: all requests are refused'
          : 'the port without DTLS is open: anyone may upload data in the name of any device',
      );
    }
  } catch (error) {
    closeAll();
    throw error;
  }
  return {
    listening: endpoints.map(({ listening }) => listening),
    async stopAccepting() {
      for (const endpoint of endpoints) endpoint.stopAccepting();
    },
    async close() {
      closeAll();
    },
  };
}
