export {
  startScriptedPeer,
  type PeerMessage,
  type ScriptedPeer,
  type ScriptedPeerOptions,
  type Verdict,
} from './scripted-peer.ts';
