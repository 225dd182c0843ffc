import type { DemoPorts } from './ports.ts';

/** What `up` says once everything is ready: where things listen, and what to try. */
export function banner(ports: DemoPorts, dataDir: string, offset: number): string {
  const moved = offset === 0 ? '' : ` --port-offset ${offset}`;
  return `
Ready.

  MQTT devices         mqtt://127.0.0.1:${ports.mqtt}
  HTTP devices         http://127.0.0.1:${ports.http}
  AMQP 1.0 devices     amqp://127.0.0.1:${ports.amqp}
  CoAP devices         coaps://127.0.0.1:${ports.coaps} (DTLS)
  Events API           amqp://127.0.0.1:${ports.network}
  health and metrics   http://127.0.0.1:${ports.mqttHealth}/readiness, /metrics (MQTT), :${ports.httpHealth} (HTTP), :${ports.amqpHealth} (AMQP), :${ports.coapHealth} (CoAP)
  data and logs        ${dataDir}

Try, in another terminal:

  # a device connects, uploads an event, and leaves
  mosquitto_pub -h 127.0.0.1 -p ${ports.mqtt} -u sensor1@DEFAULT_TENANT -P hono-secret -i thermostat-7 \\
    -t event -q 1 -m '{"temp": 21.5}'

  # a device without connections: present with its first request, inactive after 10 s without one
  curl -i -u sensor2@DEFAULT_TENANT:hono-secret -H 'content-type: application/json' \\
    --data '{"temp": 21.5}' http://127.0.0.1:${ports.http}/event

  # the same over CoAP, with a pre-shared key
  coap-client-openssl -m post -u sensor3@DEFAULT_TENANT -k hono-secret -t 50 \\
    -e '{"temp": 21.5}' coaps://127.0.0.1:${ports.coaps}/event

  # nothing at hand? devices that connect, are killed, come back, fall silent, and leave
  npm run rollcall -- demo${moved}

  # who is online, and the events, as a downstream service sees them
  npm run rollcall -- devices${moved}
  npm run rollcall -- tail${moved}

Connection events of DEFAULT_TENANT (Ctrl-C ends):
`;
}
