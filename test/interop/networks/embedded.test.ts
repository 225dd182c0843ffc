import { describe } from 'vitest';
import { hasPackage } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { embeddedNetwork } from './embedded.ts';

describe.runIf(hasPackage('python3-qpid-proton'))('networks', () =>
  describeNetwork('the embedded network', embeddedNetwork()),
);
