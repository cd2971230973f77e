import { failpoint } from '../store/failpoints';
import type { Activities, LocalActivities } from '../workflows/contract';
import { awaitJob } from './await-job';
import { callProvider } from './call-provider';
import { deliverOutput } from './deliver-output';
import { cancelJobs } from './cancel-jobs';
import type { ActivityDependencies } from './dependencies';
import { cancelFire, followFire } from './follow-fire';
import { loadItem, openItems } from './open-items';
import { openReview } from './open-review';
import { importAsset, runPure } from './own-steps';
import {
  continueExecution,
  drainExecution,
  finishExecution,
  pauseExecution,
  recordProgress,
  withNews,
} from './record-progress';
import { runMedia } from './run-media';
import { sendDelivery } from './send-delivery';
import { settleJobs } from './settle-jobs';
import { submitJob } from './submit-job';
import { toApplicationFailure } from './to-application-failure';

type Activity<Input, Output> = (input: Input) => Promise<Output>;

/** Everything that the workflows may call, bound to what it works on; each error becomes a failure of Temporal's here. */
export function createActivities(deps: ActivityDependencies): Activities & LocalActivities {
  const bind =
    <Input, Output>(
      activity: (deps: ActivityDependencies, input: Input) => Promise<Output>,
    ): Activity<Input, Output> =>
    async (input) => {
      try {
        const result = await activity(deps, input);
        failpoint('activity.before_return');
        return result;
      } catch (error) {
        throw toApplicationFailure(error);
      }
    };
  return {
    submitJob: bind(withNews(submitJob)),
    awaitJob: bind(awaitJob),
    callProvider: bind(withNews(callProvider)),
    runMedia: bind(withNews(runMedia)),
    runPure: bind(runPure),
    importAsset: bind(withNews(importAsset)),
    deliverOutput: bind(withNews(deliverOutput)),
    cancelJobs: bind(cancelJobs),
    settleJobs: bind(settleJobs),
    sendDelivery: bind(sendDelivery),
    followFire: bind(followFire),
    cancelFire: bind(cancelFire),
    recordProgress: bind(recordProgress),
    pauseExecution: bind(pauseExecution),
    drainExecution: bind(drainExecution),
    continueExecution: bind(continueExecution),
    openItems: bind(openItems),
    loadItem: bind(loadItem),
    openReview: bind(openReview),
    finishExecution: bind(finishExecution),
  };
}
