import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { sha256 } from './canonical-json';

const actions = {
  refuse: 'submit',
  rate_limit: 'submit',
  server_error: 'submit',
  unauthorized: 'submit',
  insufficient_quota: 'submit',
  accept_then_drop: 'submit',
  hang: 'submit',
  malformed: 'submit',
  slow: 'submit',
  slow_job: 'submit',
  never_finish: 'submit',
  hold_job: 'submit',
  fail_job: 'submit',
  truncate: 'output',
  wrong_type: 'output',
  expire_output: 'output',
  duplicate_webhook: 'callback',
  lose_webhook: 'callback',
} as const;

export type FaultAction = keyof typeof actions;
export type FaultOperation = 'submit' | 'poll' | 'result' | 'output' | 'callback';

const faultRuleSchema = z.strictObject({
  provider: z.string().optional(),
  model: z.string().optional(),
  operation: z.enum(['submit', 'poll', 'result', 'output', 'callback']).optional(),
  contains: z.string().optional(),
  keySha256: z.string().min(12).optional(),
  nth: z.int().min(1).optional(),
  times: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  action: z.enum(Object.keys(actions) as [FaultAction, ...FaultAction[]]),
  status: z.int().min(400).max(599).optional(),
  retryAfterSeconds: z.number().min(0).optional(),
  delayMs: z.int().min(0).optional(),
});

export const faultPlanSchema = z.strictObject({
  rules: z.array(faultRuleSchema),
  seed: z.union([z.number(), z.string()]).default(0),
});

export type FaultRule = z.infer<typeof faultRuleSchema>;
export type FaultPlanRequest = z.infer<typeof faultPlanSchema>;

/** What is about to happen, as a rule sees it. */
export interface Situation {
  readonly provider: string;
  readonly model: string;
  readonly operation: FaultOperation;
  readonly prompt: string;
  /** Of the caller's key, hex; known at submits alone. */
  readonly keySha256?: string;
}

interface CountedRule {
  readonly rule: FaultRule;
  matched: number;
  hits: number;
}

/**
 * The plan of what goes wrong. Each rule counts the situations it fits; `nth` is the first that it acts on
 * (1-based), `times` how often (1 when only `nth` is given, else no limit), `probability` is drawn from the
 * seed, the rule's place and its count, so that a plan and its seed replay alike. The first rule that acts wins.
 * Plan and counts survive a restart.
 */
export class FaultPlan {
  private seed: number | string = 0;
  private rules: CountedRule[] = [];

  constructor(private readonly path: string) {
    if (!existsSync(path)) return;
    const saved = JSON.parse(readFileSync(path, 'utf8')) as { seed: number | string; rules: CountedRule[] };
    this.seed = saved.seed;
    this.rules = saved.rules;
  }

  replace(plan: FaultPlanRequest): void {
    this.seed = plan.seed;
    this.rules = plan.rules.map((rule) => ({ rule, matched: 0, hits: 0 }));
    this.save();
  }

  clear(): void {
    this.replace({ rules: [], seed: 0 });
  }

  view(): { seed: number | string; rules: (FaultRule & { matched: number; hits: number })[] } {
    return {
      seed: this.seed,
      rules: this.rules.map(({ rule, matched, hits }) => ({ ...rule, matched, hits })),
    };
  }

  decide(situation: Situation): FaultRule | undefined {
    const fitting = this.rules.filter(({ rule }) => fits(rule, situation));
    if (fitting.length === 0) return undefined;
    fitting.forEach((counted) => (counted.matched += 1));
    const acting = fitting.find((counted) => this.acts(counted));
    if (acting !== undefined) acting.hits += 1;
    this.save();
    return acting?.rule;
  }

  private acts(counted: CountedRule): boolean {
    const { rule, matched, hits } = counted;
    if (matched < (rule.nth ?? 1)) return false;
    if (hits >= (rule.times ?? (rule.nth === undefined ? Infinity : 1))) return false;
    if (rule.probability === undefined) return true;
    const draw = sha256(`${this.seed}/${this.rules.indexOf(counted)}/${matched}`).slice(0, 8);
    return parseInt(draw, 16) / 0x1_0000_0000 < rule.probability;
  }

  private save(): void {
    writeFileSync(this.path, JSON.stringify({ seed: this.seed, rules: this.rules }));
  }
}

function fits(rule: FaultRule, situation: Situation): boolean {
  return (
    (rule.operation ?? actions[rule.action]) === situation.operation &&
    (rule.provider === undefined || rule.provider === situation.provider) &&
    (rule.model === undefined || rule.model === situation.model) &&
    (rule.contains === undefined || situation.prompt.includes(rule.contains)) &&
    (rule.keySha256 === undefined || situation.keySha256?.startsWith(rule.keySha256) === true)
  );
}
