/** What an account may ask of the API. `null`: no limit. */
export interface AccountPlan {
  readonly name: string;
  readonly requestsPerMinute: number | null;
  readonly executionsPerMinute: number | null;
  readonly executionsPerDay: number | null;
}

/** Data, not code: a plan is changed here and nowhere else. Figures: the product's published plans (SPEC §3). */
export const PLANS = [
  { name: 'free', requestsPerMinute: 10, executionsPerMinute: 10, executionsPerDay: 50 },
  { name: 'starter', requestsPerMinute: 20, executionsPerMinute: 10, executionsPerDay: 200 },
  { name: 'pro', requestsPerMinute: 60, executionsPerMinute: 10, executionsPerDay: 1_000 },
  { name: 'enterprise', requestsPerMinute: 200, executionsPerMinute: 10, executionsPerDay: null },
  { name: 'self_hosted', requestsPerMinute: null, executionsPerMinute: null, executionsPerDay: null },
] as const satisfies readonly AccountPlan[];

/** Shown in `X-RateLimit-Limit` and `-Remaining` where there is no limit, so that clients may always read a number. */
export const UNLIMITED = 2_147_483_647;

const STRICTEST: AccountPlan = PLANS[0];

/** @returns The plan of that name; the strictest one for a name that is not known. */
export function findPlan(name: string): AccountPlan {
  return PLANS.find((plan) => plan.name === name) ?? STRICTEST;
}
