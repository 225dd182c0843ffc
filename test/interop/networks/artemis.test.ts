import { hasPackages } from '../support.ts';
import { artemis, artemisDelivery, artemisTraits } from './artemis.ts';
import { describeNetwork } from './describe-network.ts';
import { fromMaven } from './from-maven.ts';

const home = hasPackages('python3-qpid-proton') ? fromMaven(artemisDelivery) : undefined;

describeNetwork('Apache ActiveMQ Artemis', {
  available: home !== undefined,
  traits: artemisTraits,
  create: () => artemis(home ?? ''),
});
