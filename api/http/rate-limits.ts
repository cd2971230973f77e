import type { Response } from 'express';
import type { Pool } from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { tooManyRequests } from '../api-error';
import { findPlan, PLANS, UNLIMITED } from '../plans';
import type { Caller } from '../caller';

/** Made by a migration (store/database/migrations/0022-rate-limits.ts). */
const TABLE = 'rate_limits';
const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

type Counted = Pick<Caller, 'accountId' | 'plan'>;
type Window = 'requestsPerMinute' | 'executionsPerMinute' | 'executionsPerDay';

const WINDOWS: Readonly<
  Record<Window, { readonly seconds: number; readonly code: string; readonly what: string }>
> = {
  requestsPerMinute: { seconds: MINUTE_SECONDS, code: 'rate_limited', what: 'requests per minute' },
  executionsPerMinute: {
    seconds: MINUTE_SECONDS,
    code: 'execution_rate_limited',
    what: 'executions per minute',
  },
  executionsPerDay: { seconds: DAY_SECONDS, code: 'daily_executions_reached', what: 'executions per day' },
};

/** Counters of an account's requests, shared by all API instances through the database. */
export interface RateLimits {
  /**
   * Counts one request and writes `X-RateLimit-*`. An unlimited plan costs no database access.
   *
   * @throws ApiError 429 with `Retry-After`.
   */
  countRequest(caller: Caller, response: Response): Promise<void>;
  /**
   * Counts one execution against the minute and the day.
   *
   * @returns Takes the count back, for a request that started nothing.
   * @throws ApiError 429 with `Retry-After`.
   */
  countExecution(runner: Counted): Promise<() => Promise<void>>;
  /**
   * Counts one call of a webhook, whatever the plan: anyone may know its address.
   *
   * @throws ApiError 429 with `Retry-After`.
   */
  countTrigger(webhookId: string): Promise<void>;
}

export interface RateLimitSettings {
  /** Per webhook. */
  readonly triggersPerMinute: number;
}

export function createRateLimits(pool: Pool, settings: RateLimitSettings): RateLimits {
  const triggers = createLimiter(pool, 'triggersPerMinute', settings.triggersPerMinute, MINUTE_SECONDS);
  const limiters = createLimiters(pool);

  async function count(caller: Counted, window: Window): Promise<RateLimiterRes | undefined> {
    const limiter = limiters.get(limiterName(findPlan(caller.plan).name, window));
    if (limiter === undefined) return undefined;
    return consume(limiter, caller.accountId);
  }

  async function takeBack(caller: Counted, window: Window): Promise<void> {
    await limiters.get(limiterName(findPlan(caller.plan).name, window))?.reward(caller.accountId);
  }

  return {
    countRequest: async (caller, response) => {
      const limit = findPlan(caller.plan).requestsPerMinute;
      const state = await count(caller, 'requestsPerMinute');
      writeHeaders(response, limit, state);
      refuseAbove(limit, state, 'requestsPerMinute');
    },
    countExecution: async (caller) => {
      const counted: Window[] = [];
      const undo = async () => {
        for (const window of counted.splice(0)) await takeBack(caller, window);
      };
      for (const window of ['executionsPerMinute', 'executionsPerDay'] as const) {
        const state = await count(caller, window);
        counted.push(window);
        try {
          refuseAbove(findPlan(caller.plan)[window], state, window);
        } catch (error) {
          await undo();
          throw error;
        }
      }
      return undo;
    },
    countTrigger: async (webhookId) => {
      const state = await consume(triggers, webhookId);
      if (state.consumedPoints <= settings.triggersPerMinute) return;
      const seconds = Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
      const message = `This webhook takes ${settings.triggersPerMinute} calls per minute. Repeat in ${seconds} s.`;
      throw tooManyRequests('webhook_rate_limited', message, seconds);
    },
  };
}

/** What is above the limit is a state, too. */
async function consume(limiter: RateLimiterPostgres, key: string): Promise<RateLimiterRes> {
  return limiter.consume(key).catch((rejected: unknown) => {
    if (rejected instanceof RateLimiterRes) return rejected;
    throw rejected;
  });
}

function refuseAbove(limit: number | null, state: RateLimiterRes | undefined, window: Window): void {
  if (limit === null || state === undefined || state.consumedPoints <= limit) return;
  const { code, what } = WINDOWS[window];
  const seconds = Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
  throw tooManyRequests(code, `Your plan allows ${limit} ${what}. Repeat in ${seconds} s.`, seconds);
}

function writeHeaders(response: Response, limit: number | null, state: RateLimiterRes | undefined): void {
  const msBeforeNext = state?.msBeforeNext ?? MINUTE_SECONDS * 1_000;
  response.set({
    'X-RateLimit-Limit': String(limit ?? UNLIMITED),
    'X-RateLimit-Remaining': String(state?.remainingPoints ?? UNLIMITED),
    'X-RateLimit-Reset': String(Math.ceil((Date.now() + msBeforeNext) / 1_000)),
  });
}

function limiterName(plan: string, window: Window): string {
  return `${plan}/${window}`;
}

function createLimiters(pool: Pool): ReadonlyMap<string, RateLimiterPostgres> {
  const limiters = new Map<string, RateLimiterPostgres>();
  for (const plan of PLANS) {
    for (const window of ['requestsPerMinute', 'executionsPerMinute', 'executionsPerDay'] as const) {
      const points = plan[window];
      if (points === null) continue;
      const duration = WINDOWS[window].seconds;
      limiters.set(limiterName(plan.name, window), createLimiter(pool, window, points, duration));
    }
  }
  return limiters;
}

function createLimiter(pool: Pool, keyPrefix: string, points: number, duration: number): RateLimiterPostgres {
  const options = { storeClient: pool, storeType: 'pool', tableName: TABLE, tableCreated: true };
  return new RateLimiterPostgres({ ...options, keyPrefix, points, duration });
}
