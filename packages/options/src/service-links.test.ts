import { expect, test } from 'vitest';
import { serviceLinks } from './service-links.ts';

/** What the kubelet sets for a Service `name` with one port. */
function linksOf(name: string, host: string, port: string, portName?: string): Record<string, string> {
  const service = name.toUpperCase().replaceAll('-', '_');
  const url = `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    [`${service}_SERVICE_HOST`]: host,
    [`${service}_SERVICE_PORT`]: port,
    ...(portName !== undefined && {
      [`${service}_SERVICE_PORT_${portName.toUpperCase().replaceAll('-', '_')}`]: port,
    }),
    [`${service}_PORT`]: url,
    [`${service}_PORT_${port}_TCP`]: url,
    [`${service}_PORT_${port}_TCP_PROTO`]: 'tcp',
    [`${service}_PORT_${port}_TCP_PORT`]: port,
    [`${service}_PORT_${port}_TCP_ADDR`]: host,
  };
}

test.each([
  ['rollcall-mqtt', '10.0.0.1', '8883', 'mqtts'],
  ['rollcall-adapter', '10.96.0.17', '80', undefined],
  ['rollcall-messaging', 'fd00::5', '5671', 'amqps-out'],
  ['rollcall', '10.0.0.1', '1883', 'mqtt'],
  ['hono-service-device-registry', '10.0.0.9', '5671', 'amqps'],
])('all variables of a Service %s are its own', (name, host, port, portName) => {
  const env = linksOf(name, host, port, portName);
  expect([...serviceLinks({ ...env, ROLLCALL_LOG_LEVEL: 'info' })].toSorted()).toEqual(
    Object.keys(env).toSorted(),
  );
});

test('a port of UDP', () => {
  const env = {
    ROLLCALL_COAP_PORT: 'udp://10.0.0.1:5684',
    ROLLCALL_COAP_PORT_5684_UDP: 'udp://10.0.0.1:5684',
    ROLLCALL_COAP_PORT_5684_UDP_PROTO: 'udp',
  };
  expect([...serviceLinks(env)]).toEqual(Object.keys(env));
});

test.each([
  ['a port', { ROLLCALL_MQTT_PORT: '8883' }],
  ['an address that is none', { ROLLCALL_MQTT_PORT: 'tcp://10.0.0.1' }],
  ['a name instead of an address', { ROLLCALL_MQTT_PORT: 'tcp://localhost:8883' }],
  ['another protocol', { ROLLCALL_MQTT_PORT: 'mqtt://10.0.0.1:8883' }],
  ['a misspelt option', { ROLLCALL_MQTT_PROT: 'tcp://10.0.0.1:8883' }],
  ['an address where a host is meant', { ROLLCALL_OTHER_HOST: '10.0.0.1' }],
  ['a host that stands alone', { ROLLCALL_OTHER_SERVICE_HOST: '10.0.0.1' }],
  ['a port that stands alone', { ROLLCALL_MQTT_SERVICE_PORT: '8883' }],
  ['a named port that stands alone', { ROLLCALL_MQTT_SERVICE_PORT_MQTTS: '8883' }],
  ['a host that is a name', { A_SERVICE_HOST: 'amqp.example.org', A_SERVICE_PORT: '5671' }],
])('%s may be a mistake', (_what, env: Record<string, string>) => {
  expect([...serviceLinks(env)]).toEqual([]);
});
