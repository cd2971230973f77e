import type { TemporalExecutions } from '../../../api/temporal-executions';

/** The real Temporal with some of its methods replaced; accessors stay accessors. */
export function overrideTemporal(
  real: TemporalExecutions,
  overrides: Partial<TemporalExecutions>,
): TemporalExecutions {
  return Object.create(real, Object.getOwnPropertyDescriptors(overrides)) as TemporalExecutions;
}
