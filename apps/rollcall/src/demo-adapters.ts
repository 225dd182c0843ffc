import { fileURLToPath } from 'node:url';
import type { DemoPorts } from './ports.ts';

/** An adapter of the demonstration, as a process. */
export interface DemoAdapter {
  /** Names its log file. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthPort: number;
}

/** The adapters that `up` starts, all of them on loopback. */
export function demoAdapters(
  ports: DemoPorts,
  registryFile: string,
  journalDirectory: string,
): readonly DemoAdapter[] {
  const shared = {
    ROLLCALL_REGISTRY_FILE: registryFile,
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging,events',
    ROLLCALL_JOURNAL_DIRECTORY: journalDirectory,
    // So that `devices` soon knows who was there before it.
    ROLLCALL_CONNECTIONEVENTS_ANNOUNCEINTERVAL: '5000',
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(ports.network),
  };
  return [
    {
      name: 'mqtt-adapter',
      title: 'MQTT adapter',
      main: fileURLToPath(import.meta.resolve('@rollcall/mqtt-adapter')),
      environment: { ...shared, ...listening('MQTT', 'mqtt-0', ports.mqtt, ports.mqttHealth) },
      healthPort: ports.mqttHealth,
    },
    {
      name: 'http-adapter',
      title: 'HTTP adapter',
      main: fileURLToPath(import.meta.resolve('@rollcall/http-adapter')),
      environment: { ...shared, ...listening('HTTP', 'http-0', ports.http, ports.httpHealth) },
      healthPort: ports.httpHealth,
    },
    {
      name: 'amqp-adapter',
      title: 'AMQP adapter',
      main: fileURLToPath(import.meta.resolve('@rollcall/amqp-adapter')),
      environment: { ...shared, ...listening('AMQP', 'amqp-0', ports.amqp, ports.amqpHealth) },
      healthPort: ports.amqpHealth,
    },
    {
      name: 'coap-adapter',
      title: 'CoAP adapter',
      main: fileURLToPath(import.meta.resolve('@rollcall/coap-adapter')),
      environment: {
        ...shared,
        ROLLCALL_ADAPTER_ID: 'coap-0',
        ROLLCALL_COAP_PORT: String(ports.coaps),
        ROLLCALL_HEALTH_PORT: String(ports.coapHealth),
      },
      healthPort: ports.coapHealth,
    },
  ];
}

function listening(section: string, id: string, port: number, healthPort: number): Record<string, string> {
  return {
    ROLLCALL_ADAPTER_ID: id,
    [`ROLLCALL_${section}_INSECUREPORTENABLED`]: 'true',
    [`ROLLCALL_${section}_INSECUREPORT`]: String(port),
    [`ROLLCALL_${section}_INSECUREPORTBINDADDRESS`]: '127.0.0.1',
    ROLLCALL_HEALTH_PORT: String(healthPort),
  };
}
