#!/usr/bin/env node
import { inLogOf, onSupportedNode } from '@rollcall/adapter-process/supported-node';

// Nothing else is imported here: an older Node.js fails at that, before it could say what is needed.
await onSupportedNode(() => import('./run.ts'), inLogOf('device-registry'));
