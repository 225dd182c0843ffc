/** Where the parts of the demonstration listen, all on loopback. */
export interface DemoPorts {
  readonly mqtt: number;
  readonly http: number;
  readonly amqp: number;
  /** UDP, with DTLS. */
  readonly coaps: number;
  readonly network: number;
  readonly mqttHealth: number;
  readonly httpHealth: number;
  readonly amqpHealth: number;
  readonly coapHealth: number;
}

/** The standard ports, moved by `offset`. */
export function demoPorts(offset: number): DemoPorts {
  return {
    mqtt: 1_883 + offset,
    http: 8_080 + offset,
    amqp: 5_672 + offset,
    coaps: 5_684 + offset,
    network: 15_672 + offset,
    mqttHealth: 9_101 + offset,
    httpHealth: 9_102 + offset,
    amqpHealth: 9_103 + offset,
    coapHealth: 9_104 + offset,
  };
}

/** What each port is for, in words. */
export const portNames: Readonly<Record<keyof DemoPorts, string>> = {
  mqtt: 'MQTT devices',
  http: 'HTTP devices',
  amqp: 'AMQP devices',
  coaps: 'CoAP devices',
  network: 'the messaging network',
  mqttHealth: 'health and metrics of the MQTT adapter',
  httpHealth: 'health and metrics of the HTTP adapter',
  amqpHealth: 'health and metrics of the AMQP adapter',
  coapHealth: 'health and metrics of the CoAP adapter',
};
