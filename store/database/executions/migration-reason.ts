/** Why an execution does not go on with another version of its workflow. */
export interface MigrationReason {
  /** Stable. */
  readonly code: string;
  /** The step that it is about. */
  readonly nodeId?: string;
  readonly message: string;
}
