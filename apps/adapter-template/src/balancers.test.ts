import { describeBalancers } from '@rollcall/adapter-conformance';
import { createTemplateAdapter } from './adapter.ts';
import { says } from './testing/says.ts';
import { limits } from './testing/options.ts';

describeBalancers('Template', {
  createAdapter: (listeners) => createTemplateAdapter({ ...limits, ...listeners }),
  hello: ({ username, password }) => says.login(username, password),
});
