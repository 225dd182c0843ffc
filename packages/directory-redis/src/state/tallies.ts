/** What happened since the directory was made. */
export interface Tallies {
  claims: number;
  claims_lost: number;
  claims_unanswered: number;
  claims_not_sent: number;
  assertions: number;
  leases_moved_here: number;
  leases_moved_away: number;
  signs_reported: number;
  signs_heard: number;
  outages: number;
  foreign_values: number;
}

export function createTallies(): Tallies {
  return {
    claims: 0,
    claims_lost: 0,
    claims_unanswered: 0,
    claims_not_sent: 0,
    assertions: 0,
    leases_moved_here: 0,
    leases_moved_away: 0,
    signs_reported: 0,
    signs_heard: 0,
    outages: 0,
    foreign_values: 0,
  };
}
