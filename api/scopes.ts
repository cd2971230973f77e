/** What a key may do. A key made without a list has those of the key that made it, but for `ASKED_FOR_SCOPES`. */
export const SCOPES = [
  'executions:read',
  'executions:write',
  'workflows:read',
  'workflows:write',
  'assets:read',
  'assets:write',
  'nodes:read',
  'keys:manage',
  'provider-keys:manage',
  'secrets:manage',
  'credits:read',
  'credits:manage',
  'accounts:manage',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Power over money and over other accounts is for operators: a key has it only where it was named. */
export const ASKED_FOR_SCOPES: readonly string[] = [
  'credits:manage',
  'accounts:manage',
] satisfies readonly Scope[];
