// Preloaded into floors: adapters are watched for their longest turn, which costs CPU time, so floors are, too.
import { watchTurns } from './longest-turn.mjs';

watchTurns();
