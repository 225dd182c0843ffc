import type { DemoPorts } from './ports.ts';

/** What `up` says once everything is ready: where things listen, and what to try. */
export function banner(ports: DemoPorts, dataDir: string, offset: number): string {
  const moved = (option: string): string => (offset === 0 ? '' : ` ${option}`);
  return `
Ready.

  MQTT devices         mqtt://127.0.0.1:${ports.mqtt}
  Events API           amqp://127.0.0.1:${ports.network}
  health and metrics   http://127.0.0.1:${ports.mqttHealth}/readiness, /metrics
  data and logs        ${dataDir}

Try, in another terminal:

  # a device connects, uploads an event, and leaves
  mosquitto_pub -h 127.0.0.1 -p ${ports.mqtt} -u sensor1@DEFAULT_TENANT -P hono-secret -i thermostat-7 \\
    -t event -q 1 -m '{"temp": 21.5}'

  # no mosquitto at hand? a device that connects, is killed, comes back, and leaves
  npm run rollcall -- demo${moved(`--url mqtt://127.0.0.1:${ports.mqtt}`)}

  # follow the events as a downstream service would
  npm run rollcall -- tail --url amqp://127.0.0.1:${ports.network} --tenant DEFAULT_TENANT

Connection events of DEFAULT_TENANT (Ctrl-C ends):
`;
}
