import { z } from 'zod';

/** PostgreSQL classes 08 (connection), 57P (shutting down, starting), 53 (no resources), and the socket's own errors. */
const AWAY_CODE = /^(08...|57P0[123]|53...|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
const AWAY_MESSAGE = /connection terminated|timeout exceeded when trying to connect|connection timeout/i;

/** Errors of the runtime are told by their fields: `instanceof` fails across realms. */
const errorFields = z.object({
  code: z.unknown(),
  message: z.unknown(),
  cause: z.unknown(),
  errors: z.array(z.unknown()).optional().catch(undefined),
});

/** The database does not answer, or turns everybody away: nothing is wrong with what was asked. */
export function isDatabaseAway(thrown: unknown): boolean {
  const { data } = errorFields.partial().safeParse(thrown);
  if (data === undefined) return false;
  const { code, message, cause, errors = [] } = data;
  if (typeof code === 'string' && AWAY_CODE.test(code)) return true;
  if (typeof message === 'string' && AWAY_MESSAGE.test(message)) return true;
  return [cause, ...errors].some(isDatabaseAway);
}
