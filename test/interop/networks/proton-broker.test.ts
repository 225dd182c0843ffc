import { describe } from 'vitest';
import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { protonBroker } from './proton-broker.ts';

const needed = ['python3-qpid-proton', 'libqpid-proton11-dev', 'libqpid-proton11-dev-examples', 'gcc'];

describe.runIf(hasPackages(...needed))('networks', () =>
  describeNetwork("the broker of Qpid Proton's examples", protonBroker()),
);
