import { createRefusalReport } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import type { Listener } from '@rollcall/adapter-kit/listening';
import { createCoapEndpoint, type CoapResponse } from '@rollcall/coap';
import { sleep } from '@rollcall/core/environment';
import { answerProblem, changed, resources } from './device-answers.ts';
import { isDiscovery, readHead, type RequestHead } from './device-request.ts';
import type { DatagramCounters } from './datagram-counters.ts';
import type { Endpoint } from './endpoint.ts';
import { coapLimits } from './limits.ts';
import { headOf } from './request-head.ts';
import { asksForTime, withTime } from './server-time.ts';
import { bindUdp, type UdpPeer } from './udp-socket.ts';

export interface PlainEndpointOptions {
  readonly maxPayloadBytes: number;
  readonly ackAfterMs: number;
  readonly ackTimeoutMs: number;
  /** Whether devices must authenticate, which none can here. */
  readonly authenticationRequired: boolean;
}

/**
 * CoAP without DTLS. A device cannot prove its identity here, and any sender could fake its presence. So an upload names its device, and
 * no connection event is published.
 */
export async function openPlainEndpoint(
  listener: Listener,
  options: PlainEndpointOptions,
  host: AdapterHost,
  counters: DatagramCounters,
): Promise<Endpoint> {
  const refusals = createRefusalReport(host.context, 'coap');
  const stopping = new AbortController();

  function unknownDevice(text: string): CoapResponse {
    host.access.refused('credentials-missing');
    return answerProblem({ status: 401, text });
  }

  async function serve(head: RequestHead, payload: Uint8Array): Promise<CoapResponse> {
    if (options.authenticationRequired) return unknownDevice('devices must authenticate, with DTLS');
    if (isDiscovery(head)) return resources;
    const asked = readHead(head);
    if ('status' in asked) return answerProblem(asked);
    if (asked.upload.target === undefined) return unknownDevice('device is not authenticated');
    if (asked.upload.target.tenant === undefined)
      return answerProblem({ status: 404, text: 'request URI must contain tenant and device ID' });
    const result = await host.uplink.upload({
      ...asked.upload,
      payload,
      ...(asked.ttdSeconds !== undefined && { ttdAsked: { seconds: asked.ttdSeconds } }),
    });
    if (result.status === 'failed') return answerProblem(result.failure);
    // There are no commands yet: the device waits for as long as it asked for, and gets none.
    const { ttdSeconds } = result;
    if (ttdSeconds !== undefined) await sleep(host.context.clock, ttdSeconds * 1_000, stopping.signal);
    return changed;
  }

  const coap = createCoapEndpoint<UdpPeer>({
    clock: host.context.clock,
    random: host.context.random,
    limits: coapLimits(options.maxPayloadBytes),
    ackAfterMs: options.ackAfterMs,
    timing: { ackTimeoutMs: options.ackTimeoutMs },
    keyOf: ({ address, port }) => `${address}|${port}`,
    send: (datagram, peer) => socket.send(datagram, peer),
    async handle(request) {
      const head = headOf(request);
      const response = await serve(head, request.payload);
      return asksForTime(request, head.query) ? withTime(response, host.context.clock.now()) : response;
    },
    onRefused: ({ address }, cause) => refusals.refused(cause, address),
    onHandlerError: (error) => host.context.failed('coap: request', error),
    onError: (error) => host.context.failed('coap', error),
  });
  const socket = await bindUdp('coap', listener, host.context, counters, {
    receive: (datagram, peer) => coap.receive(datagram, peer),
  });

  return {
    listening: socket.listening,
    get statistics() {
      return coap.statistics();
    },
    stopAccepting: () => stopping.abort(),
    close() {
      stopping.abort();
      refusals.stop();
      coap.close();
      socket.close();
    },
  };
}
