/** Longest time that a request is held, seconds. */
export const WAIT_SECONDS_MAX = 60;

/**
 * Reads `wait` from a `Prefer` header (RFC 7240). A preference is a hint: what is malformed is ignored.
 *
 * @returns Seconds, 1–60 (bare `wait`: 60), or undefined where no wait is asked for.
 */
export function preferredWaitSeconds(header: string | undefined): number | undefined {
  for (const preference of (header ?? '').split(',')) {
    const match = /^\s*wait\s*(?:=\s*"?(\d{1,9})"?)?\s*(?:;.*)?$/i.exec(preference);
    if (match === null) continue;
    const seconds = match[1] === undefined ? WAIT_SECONDS_MAX : Number(match[1]);
    return seconds === 0 ? undefined : Math.min(seconds, WAIT_SECONDS_MAX);
  }
  return undefined;
}
