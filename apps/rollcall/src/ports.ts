/** Where the parts of the demonstration listen, all on loopback. */
export interface DemoPorts {
  readonly mqtt: number;
  readonly network: number;
  readonly mqttHealth: number;
}

/** The standard ports, moved by `offset`. */
export function demoPorts(offset: number): DemoPorts {
  return { mqtt: 1_883 + offset, network: 15_672 + offset, mqttHealth: 9_101 + offset };
}

/** What each port is for, in words. */
export const portNames: Readonly<Record<keyof DemoPorts, string>> = {
  mqtt: 'MQTT devices',
  network: 'the messaging network',
  mqttHealth: 'health and metrics of the MQTT adapter',
};
