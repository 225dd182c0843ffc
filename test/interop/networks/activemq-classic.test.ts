import { hasPackages } from '../support.ts';
import { activemqClassic, activemqClassicDelivery, activemqClassicTraits } from './activemq-classic.ts';
import { describeNetwork } from './describe-network.ts';
import { fromMaven } from './from-maven.ts';

const libraries = hasPackages('python3-qpid-proton') ? fromMaven(activemqClassicDelivery) : undefined;

describeNetwork('Apache ActiveMQ Classic', {
  available: libraries !== undefined,
  traits: activemqClassicTraits,
  create: () => activemqClassic(libraries ?? ''),
});
