import { codeClass } from '@rollcall/coap/codec';
import { associate, type CoapAssociation } from '../../e2e/support/coap-association.ts';
import { deviceId, password } from '../../faults/support/stage.ts';

export type RequestProtocol = 'http' | 'coap';

/** Devices without connections: each request may go to another adapter. */
export interface RequestingDevices {
  /** Resolves once the adapter on that port has answered. */
  request(number: number, port: number): Promise<void>;
  /** The device says that it leaves. As {@link request}. */
  goodbye(number: number, port: number): Promise<void>;
  end(): void;
}

export function requestingDevices(protocol: RequestProtocol): RequestingDevices {
  if (protocol === 'coap') return overCoap();
  return {
    request: (number, port) => overHttp(number, port, { 'content-type': 'text/plain' }, 'x'),
    goodbye: (number, port) =>
      overHttp(number, port, {
        'content-type': 'application/vnd.eclipse-hono-empty-notification',
        'hono-ttd': '0',
      }),
    end() {},
  };
}

async function overHttp(
  number: number,
  port: number,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${deviceId(number)}@acme:${password}`).toString('base64')}`;
  const response = await fetch(`http://127.0.0.1:${port}/event`, {
    method: 'POST',
    headers: { authorization, ...headers },
    ...(body !== undefined && { body }),
  });
  await response.text();
  const { status } = response;
  // 503: the network did not take it in time. The device is there nevertheless.
  if (status !== 202 && status !== 503) throw new Error(`${deviceId(number)} got ${status}`);
}

/** A device has an association with each adapter. If one was killed, and does not know it any more, it makes another one. */
function overCoap(): RequestingDevices {
  const associations = new Map<string, CoapAssociation>();
  let hasEnded = false;

  async function ask(number: number, port: number, query: readonly string[] = []): Promise<void> {
    const key = `${number} ${port}`;
    for (;;) {
      if (hasEnded) return;
      const association = associations.get(key) ?? associate(port, `${deviceId(number)}@acme`, password);
      associations.set(key, association);
      if (await association.opened) {
        const payload = Buffer.from(query.length === 0 ? '21.5' : '');
        const answer = await association.coap.request({ path: ['e'], query, payload }).catch(() => undefined);
        if (answer && codeClass(answer.code) === 4) throw new Error(`${deviceId(number)} was refused`);
        if (answer) return;
      }
      if (associations.delete(key)) association.vanish();
    }
  }

  return {
    request: (number, port) => ask(number, port),
    goodbye: (number, port) => ask(number, port, ['empty', 'hono-ttd=0']),
    end() {
      hasEnded = true;
      for (const association of associations.values()) association.vanish();
      associations.clear();
    },
  };
}
