import { join } from 'node:path';
import { fromGo } from '../../../../interop/from-go.ts';
import { fromPypi } from '../../../../interop/from-pypi.ts';
import { debianPython, hasPackages } from '../../../../interop/support.ts';
import { floodedProtocols, type FloodedProtocol } from '../honest-device.ts';
import type { DevicesBeside } from '../devices-beside.ts';
import { commandLineDevices } from './command-line.ts';
import { startLibraryDevices, type LibraryDevices } from './library-devices.ts';

const packages = ['curl', 'mosquitto-clients', 'libcoap3-bin', 'python3-qpid-proton', 'python3-venv'];
const requirements = ['paho-mqtt==2.2.0', 'pycurl==7.49.0', 'aiocoap==0.4.17', 'DTLSSocket==0.2.3'];

/**
 * Devices on Paho and mosquitto, on Qpid Proton and go-amqp, on libcurl and curl, on aiocoap and libcoap. Throws where one of them is
 * not to be had.
 */
export function startForeignDevices(): DevicesBeside {
  if (!hasPackages(...packages)) throw new Error('run .ci/install-interop-packages first');
  const environment = fromPypi('flooded-devices-1', requirements);
  const goAmqp = fromGo('go-amqp');
  if (environment === undefined || goAmqp === undefined) throw new Error('not all clients are to be had');
  const python = join(environment, 'bin/python');
  const started = new Map<FloodedProtocol, LibraryDevices>(
    floodedProtocols.map((protocol) => [
      protocol,
      startLibraryDevices(protocol === 'amqp' ? debianPython : python, protocol),
    ]),
  );
  const commands = commandLineDevices(goAmqp.path);
  return {
    async open(protocol, door, index) {
      const devices = started.get(protocol);
      if (!devices) throw new Error(`no devices for ${protocol}`);
      return devices.open(door, index);
    },
    command: (protocol, login) => commands[protocol](login),
    closesAssociations: true,
    close() {
      for (const devices of started.values()) devices.close();
      goAmqp.cleanUp();
    },
  };
}
