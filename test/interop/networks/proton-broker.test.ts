import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { protonBroker } from './proton-broker.ts';

const available = hasPackages(
  'python3-qpid-proton',
  'libqpid-proton11-dev',
  'libqpid-proton11-dev-examples',
  'gcc',
);

describeNetwork("the broker of Qpid Proton's examples", available, protonBroker);
