export { listening } from './listening.ts';
export {
  startScriptedPeer,
  type PeerMessage,
  type ScriptedPeer,
  type ScriptedPeerOptions,
  type Verdict,
} from './scripted-peer.ts';
export { createTestBed, type TestBed } from './test-bed.ts';
export { untilRead } from './until-read.ts';
