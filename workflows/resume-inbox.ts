import { defineSignal, setHandler } from '@temporalio/workflow';
import { DRAIN_SIGNAL, RESUME_SIGNAL, SUPERSEDE_SIGNAL, type ResumeSignal } from './contract';

const resumeSignal = defineSignal<[ResumeSignal]>(RESUME_SIGNAL);
const supersedeSignal = defineSignal(SUPERSEDE_SIGNAL);
const drainSignal = defineSignal(DRAIN_SIGNAL);

/** What the API tells a run: to go on after it has waited, or to make place for another. A signal that comes before the run waits, or twice, is neither lost nor taken twice. */
export class ResumeInbox {
  private newest: ResumeSignal | undefined;
  private superseded = false;
  private draining = false;

  /** @param taken - `resumeNumber` of the last resume that an earlier run took before it continued as this one. */
  constructor(private taken: number) {
    setHandler(resumeSignal, (resume) => {
      if (resume.resumeNumber > (this.newest?.resumeNumber ?? this.taken)) this.newest = resume;
    });
    setHandler(supersedeSignal, () => {
      this.superseded = true;
    });
    setHandler(drainSignal, () => {
      this.draining = true;
    });
  }

  get resumesTaken(): number {
    return this.taken;
  }

  get isSuperseded(): boolean {
    return this.superseded;
  }

  get isDraining(): boolean {
    return this.draining;
  }

  get hasResume(): boolean {
    return this.newest !== undefined && this.newest.resumeNumber > this.taken;
  }

  /** The newest word counts; it answers the earlier ones as well. */
  take(): ResumeSignal | undefined {
    if (!this.hasResume || !this.newest) return undefined;
    this.taken = this.newest.resumeNumber;
    return this.newest;
  }
}
