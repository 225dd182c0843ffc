#!/usr/bin/env node
import { inLogOf, onSupportedNode } from '@rollcall/adapter-process/supported-node';

// Nothing else is imported here: an older Node.js would fail at that before it could report which version is needed.
await onSupportedNode(() => import('./run.ts'), inLogOf('device-registry'));
