import { defineSignal, setHandler } from '@temporalio/workflow';
import { REVIEW_SIGNAL, type ReviewSignal } from './contract';

const reviewSignal = defineSignal<[ReviewSignal]>(REVIEW_SIGNAL);

/** Hears that reviews were decided. A signal says no more than that it is worth a look, so one too many does no harm. */
export class ReviewInbox {
  private readonly heard = new Map<string, number>();

  constructor() {
    setHandler(reviewSignal, ({ step }) => {
      this.heard.set(step, this.timesHeard(step) + 1);
    });
  }

  timesHeard(step: string): number {
    return this.heard.get(step) ?? 0;
  }
}
