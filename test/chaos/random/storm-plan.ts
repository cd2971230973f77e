import type { FaultAction, FaultRule } from '../../../sandbox/core/faults';
import { FAILPOINTS, type Failpoint } from '../../../store/failpoints';
import { aGraph, type BuiltGraph } from '../../support/graph-builder';
import { chaosNodeType, SAFETY_CLASSES } from '../provider/chaos-classes';
import type { Random } from './random';

export interface StormSize {
  readonly runs: number;
  /** kill -9 at a random moment. */
  readonly kills: number;
  /** How often each failpoint kills who comes by. */
  readonly killsPerFailpoint: number;
  /** SIGSTOP of a worker or of the API, past the heartbeat time-out. */
  readonly stops: number;
  /** Runs under way at once. */
  readonly concurrency: number;
}

export type Blow =
  | { readonly kind: 'kill'; readonly victim: 'worker' | 'api' | 'temporal' | 'postgres' }
  | { readonly kind: 'failpoint'; readonly place: Failpoint }
  | { readonly kind: 'stop'; readonly victim: 'worker' | 'api'; readonly forMs: number };

/** Runs with this in their prompt have a job that fails at its provider: they end FAILED, and are resumed later. */
export const FAILING = '[fails]';

/** Killed in the resumes after the storm, where it is come by for sure. */
export const RESUME_PLACE: Failpoint = 'resume.after_row';

const VICTIMS = ['worker', 'worker', 'worker', 'api', 'temporal', 'postgres'] as const;
const STOP_VICTIMS = ['worker', 'worker', 'worker', 'api'] as const;
/** Twice the heartbeat time-out; every fourth one outlasts lease and request time limit too. */
const STOP_MS = [8_000, 8_000, 8_000, 15_000] as const;

/** What happens to the system, in order; the seed alone decides. */
export function planBlows(random: Random, size: StormSize): readonly Blow[] {
  const places = FAILPOINTS.filter((place) => place !== RESUME_PLACE);
  const blows: Blow[] = [
    ...Array.from({ length: size.kills }, () => ({ kind: 'kill', victim: random.pick(VICTIMS) }) as const),
    ...Array.from({ length: size.killsPerFailpoint }, () =>
      places.map((place) => ({ kind: 'failpoint', place }) as const),
    ).flat(),
    ...Array.from(
      { length: size.stops },
      () => ({ kind: 'stop', victim: random.pick(STOP_VICTIMS), forMs: random.pick(STOP_MS) }) as const,
    ),
  ];
  return random.shuffle(blows);
}

/** Faults of providers. Class `none` gets none that only a callback could not mend: nobody could tell, by design. */
export function planFaults(): readonly FaultRule[] {
  const providers = ['chaos-idempotent', 'chaos-lookup', 'chaos-none', 'fal', 'replicate'];
  const rule = (
    provider: string,
    action: FaultAction,
    probability: number,
    rest: Partial<FaultRule> = {},
  ) => ({
    provider,
    action,
    probability,
    ...rest,
  });
  return [
    { provider: 'chaos-lookup', contains: FAILING, action: 'fail_job' },
    ...providers.flatMap((provider) => [
      rule(provider, 'accept_then_drop', 0.12),
      rule(provider, 'malformed', 0.04),
      rule(provider, 'rate_limit', 0.03),
      rule(provider, 'server_error', 0.03, { status: 503 }),
      rule(provider, 'slow_job', 0.1, { delayMs: 3_000 }),
      rule(provider, 'server_error', 0.05, { operation: 'poll' }),
      rule(provider, 'truncate', 0.05, { operation: 'output' }),
      rule(provider, 'duplicate_webhook', 0.2),
    ]),
    ...['chaos-idempotent', 'chaos-lookup'].map((provider) => rule(provider, 'hang', 0.04)),
    ...['chaos-idempotent', 'chaos-lookup', 'chaos-none'].map((provider) =>
      rule(provider, 'slow', 0.04, { delayMs: 4_000 }),
    ),
  ];
}

/** At least six nodes, at least three of them paid, each class of provider in turn; the prompt names the run. */
export function planGraph(random: Random, number: number): BuiltGraph {
  const [first, second, third] = random.shuffle(SAFETY_CLASSES).map(chaosNodeType);
  const failing = random.next() < 0.05 ? ` ${FAILING}` : '';
  const graph = aGraph(`storm run ${number}${failing}`)
    .node('first', first ?? '')
    .edge('prompt', 'first')
    .node('small', 'image:resize', { width: 32 })
    .edge('first', 'small')
    .node('second', second ?? '', { variant: 2 })
    .edge('prompt', 'second')
    .edge('small', 'second', { targetHandle: 'image' })
    .node('third', third ?? '', { variant: 3 })
    .edge('prompt', 'third')
    .edge(random.pick(['small', 'second']), 'third', { targetHandle: 'image' })
    .node('words', 'utility:prompt_concat')
    .edge('prompt', 'words');
  return random.next() < 0.3
    ? graph.node('flux', 'generate:flux_2_pro', { width: 256, height: 256 }).edge('words', 'flux').build()
    : graph.build();
}
