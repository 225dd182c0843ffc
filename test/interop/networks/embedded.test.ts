import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { embeddedNetwork } from './embedded.ts';

describeNetwork('the embedded network', hasPackages('python3-qpid-proton'), embeddedNetwork);
