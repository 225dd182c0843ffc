import { hasPackages } from '../support.ts';
import { artemisHome } from './artemis-distribution.ts';
import { artemis, artemisTraits } from './artemis.ts';
import { describeNetwork } from './describe-network.ts';

const home = hasPackages('python3-qpid-proton') ? artemisHome() : undefined;

describeNetwork('Apache ActiveMQ Artemis', {
  available: home !== undefined,
  traits: artemisTraits,
  create: () => artemis(home ?? ''),
});
