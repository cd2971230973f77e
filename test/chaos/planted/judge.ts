import { collectEvidence } from '../evidence/collect-evidence';
import type { Violation } from '../evidence/evidence';
import { checkInvariants } from '../invariants/check-invariants';
import { ChaosSystem } from '../system/chaos-system';
import type { PlantedBugName } from './planted-bugs';
import { scenarios } from './scenarios';

/** Plays a bug's scenario, with the bug or without it, and asks the witnesses. */
export async function judge(bug: PlantedBugName, isPlanted: boolean): Promise<readonly Violation[]> {
  const chaos = await ChaosSystem.start({ servers: 'shared', ...(isPlanted && { plantedBug: bug }) });
  try {
    const { clients, foreignAnswers } = await scenarios[bug](chaos);
    const evidence = await collectEvidence(chaos, clients);
    // In none of them is a send left of which nobody could tell.
    const mustBeKnown = new Set(clients.map(({ executionId }) => executionId));
    return checkInvariants({ ...evidence, foreignAnswers, mustBeKnown }).violations;
  } finally {
    await chaos.stop();
  }
}
