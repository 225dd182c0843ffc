import { describeBalancers } from '@rollcall/adapter-conformance';
import { createTemplateAdapter } from './adapter.ts';
import { limits } from './testing/options.ts';

describeBalancers('Template', {
  createAdapter: (listeners) => createTemplateAdapter({ ...limits, ...listeners }),
  hello: ({ username, password }) => Buffer.from(`login ${username} ${password}\n`),
});
