import { describe, test } from 'vitest';
import { hasPackage } from '../support.ts';
import { artemisHome } from './artemis-distribution.ts';
import { artemis } from './artemis.ts';
import { describeNetwork } from './describe-network.ts';

const home = hasPackage('python3-qpid-proton') ? artemisHome() : undefined;

if (home === undefined) test.skip('Apache ActiveMQ Artemis is not to be had: see above', () => {});
else describeNetwork('Apache ActiveMQ Artemis', artemis(home));
