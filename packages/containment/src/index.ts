export { containServer } from './contain-server.ts';
export { containSocket } from './contain-socket.ts';
export { containedClock } from './contained-clock.ts';
export { createFailureReport } from './failure-report.ts';
export { spreadLastNet } from './last-net.ts';
export { createMinuteGate, type MinuteGate } from './minute-gate.ts';
export { createMinute } from './minute.ts';
export { patientClock } from './patient-clock.ts';
export { peerBeingServed, serveAll, servedPeer, type ServedPeer, servePeer } from './served-peer.ts';
