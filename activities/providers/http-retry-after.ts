/** A provider that asks for more is asked again after an hour all the same. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * How long a provider wants us to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date.
 *
 * @param nowMs - Milliseconds since 1970, for the date form.
 * @returns 0–3,600,000 ms; undefined when nothing readable was given.
 */
export function readRetryAfterMs(headers: Headers, nowMs = Date.now()): number | undefined {
  const milliseconds = readNumber(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return clamp(milliseconds);
  const value = headers.get('retry-after');
  const seconds = readNumber(value);
  if (seconds !== undefined) return clamp(seconds * 1_000);
  const dateMs = Date.parse(value ?? '');
  return Number.isNaN(dateMs) ? undefined : clamp(dateMs - nowMs);
}

function readNumber(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

function clamp(milliseconds: number): number {
  return Math.min(Math.max(Math.ceil(milliseconds), 0), RETRY_AFTER_MAX_MS);
}
