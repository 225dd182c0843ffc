import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { protonBroker, protonBrokerTraits } from './proton-broker.ts';

describeNetwork("the broker of Qpid Proton's examples", {
  available: hasPackages(
    'python3-qpid-proton',
    'libqpid-proton11-dev',
    'libqpid-proton11-dev-examples',
    'gcc',
  ),
  traits: protonBrokerTraits,
  create: protonBroker,
});
