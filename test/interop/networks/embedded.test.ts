import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { embeddedNetwork, embeddedTraits } from './embedded.ts';

describeNetwork('the embedded network', {
  available: hasPackages('python3-qpid-proton'),
  traits: embeddedTraits,
  create: embeddedNetwork,
});
