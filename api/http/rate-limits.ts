import type { Response } from 'express';
import type { Pool } from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { tooManyRequests } from '../api-error';
import { findPlan, PLANS, UNLIMITED } from '../plans';
import type { Caller } from '../caller';

const TABLE = 'rate_limits';
const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

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
  countExecution(caller: Caller): Promise<() => Promise<void>>;
}

/** Creates the counters' table where it is missing. */
export async function createRateLimits(pool: Pool): Promise<RateLimits> {
  await createTable(pool);
  const limiters = createLimiters(pool);

  async function count(caller: Caller, window: Window): Promise<RateLimiterRes | undefined> {
    const limiter = limiters.get(limiterName(findPlan(caller.plan).name, window));
    if (limiter === undefined) return undefined;
    return limiter.consume(caller.accountId).catch((rejected: unknown) => {
      if (rejected instanceof RateLimiterRes) return rejected;
      throw rejected;
    });
  }

  async function takeBack(caller: Caller, window: Window): Promise<void> {
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
  };
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
      const options = { storeClient: pool, storeType: 'pool', tableName: TABLE, tableCreated: true };
      const keyPrefix = window;
      limiters.set(
        limiterName(plan.name, window),
        new RateLimiterPostgres({ ...options, keyPrefix, points, duration }),
      );
    }
  }
  return limiters;
}

/** Concurrent `CREATE TABLE IF NOT EXISTS` may collide in the catalog: the other process made it then. */
async function createTable(pool: Pool): Promise<void> {
  const unique = '23505';
  try {
    await pool.query(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)`,
    );
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === unique)) throw error;
  }
}
