/** What a key may do. A key made without a list has them all. */
export const SCOPES = [
  'executions:read',
  'executions:write',
  'assets:read',
  'nodes:read',
  'keys:manage',
] as const;

export type Scope = (typeof SCOPES)[number];
