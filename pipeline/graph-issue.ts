/**
 * Everything that can be wrong with a posted graph. Clients may branch on the code; docs and messages explain it.
 * The list is closed: a new fault gets a new code here first.
 */
export const GRAPH_ISSUE_CODES = [
  // the JSON itself
  'json_too_deep',
  'json_too_many_keys',
  'json_string_too_long',
  'json_text_invalid',
  'json_key_forbidden',
  'json_value_invalid',
  // shape and limits
  'graph_invalid',
  'graph_empty',
  'too_many_nodes',
  'too_many_edges',
  'node_invalid',
  'node_id_invalid',
  'node_id_duplicate',
  'node_type_missing',
  'node_type_unknown',
  'config_invalid',
  'config_too_large',
  'setting_invalid',
  'cache_not_deterministic',
  // edges and ports
  'edge_invalid',
  'edge_duplicate',
  'edge_dangling',
  'edge_self',
  'port_unknown',
  'port_ambiguous',
  'port_occupied',
  'port_type_mismatch',
  'input_missing',
  'cycle',
  // groups
  'parent_invalid',
  'group_empty',
  'group_too_deep',
  'edge_leaves_group',
  // workflows as nodes
  'workflow_unknown',
  'workflow_cycle',
  // templates
  'template_invalid',
  'template_variable_missing',
  'template_reference_invalid',
  'template_too_large',
  // values from outside
  'trigger_data_invalid',
  'variables_invalid',
  'input_value_missing',
  'input_value_invalid',
  'input_value_too_large',
  'asset_unknown',
  'asset_type_mismatch',
  // providers
  'provider_unknown',
  'no_provider_configured',
  'model_retired',
  'request_unsupported',
  // batches
  'iterator_node_unknown',
  'iterator_path_unknown',
  'iterator_place_taken',
  'iterator_csv_invalid',
  'iterator_values_empty',
  'iterator_lengths_differ',
  'too_many_items',
  // the whole
  'target_unknown',
  'plan_too_large',
  'too_many_issues',
] as const;

export type GraphIssueCode = (typeof GRAPH_ISSUE_CODES)[number];

/** One fault of a graph: where it is, what it is, and how to mend it. */
export interface GraphIssue {
  /** Place in the request body, such as `nodes[2].data.config.prompt`. */
  readonly path: string;
  readonly code: GraphIssueCode;
  readonly message: string;
  readonly fix: string;
}

/** Something that compiles but is probably not what was meant. */
export interface GraphWarning {
  readonly path: string;
  readonly code:
    'config_ignored' | 'providers_ignored' | 'cache_ignored' | 'candidate_skipped' | 'trigger_data_unused';
  readonly message: string;
}

export type IssuePath = readonly (string | number)[];

/** `['nodes', 2, 'data', 'my key']` → `nodes[2].data["my key"]`. */
export function formatPath(path: IssuePath): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (!/^[A-Za-z0-9_$-]{1,100}$/.test(segment)) text += `[${JSON.stringify(shorten(segment, 100))}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

export function graphIssue(path: IssuePath, code: GraphIssueCode, message: string, fix: string): GraphIssue {
  return { path: formatPath(path), code, message, fix };
}

/** Text of the user's inside a message: quoted, one line, bounded. */
export function quote(value: unknown): string {
  return JSON.stringify(shorten(typeof value === 'string' ? value : describe(value), 80));
}

/** What a JSON value is, in words. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the text ${JSON.stringify(shorten(value, 40))}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${String(value)}`;
  return value === undefined ? 'nothing' : typeof value;
}

/** `a, b or c`; the first 20 of a long list. */
export function listOf(values: readonly string[]): string {
  const shown = values.slice(0, 20);
  const more = values.length > shown.length ? ` (and ${values.length - shown.length} more)` : '';
  const last = shown.length > 1 ? shown.pop() : undefined;
  return last === undefined ? `${shown.join('')}${more}` : `${shown.join(', ')} or ${last}${more}`;
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
