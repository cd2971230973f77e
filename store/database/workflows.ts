import { createWorkflow, deleteWorkflow, findWorkflow, listWorkflows, saveDraft } from './workflows/drafts';
import { publishDraft, rollBack } from './workflows/publish';
import { findVersion, listVersions } from './workflows/versions';

/** Saved graphs: drafts that change, versions that do not, and which of them is published. */
export const workflows = {
  create: createWorkflow,
  find: findWorkflow,
  list: listWorkflows,
  saveDraft,
  delete: deleteWorkflow,
  publish: publishDraft,
  rollBack,
  findVersion,
  listVersions,
} as const;
