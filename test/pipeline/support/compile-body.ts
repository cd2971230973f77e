import { compileGraph } from '../../../pipeline/compile-graph';
import type { CompileInput, CompileResult } from '../../../pipeline/compile-input';
import type { Plan, PlanNode } from '../../../workflows/contract';

type More = Omit<CompileInput, 'graph' | 'triggerData' | 'targetNodeIds'>;

/** Compiles an execute body as the API does. */
export function compileBody(body: unknown, more: More = {}): CompileResult {
  const { triggerData, targetNodeIds } = body as Pick<CompileInput, 'triggerData' | 'targetNodeIds'>;
  return compileGraph({ graph: body, triggerData, targetNodeIds, ...more });
}

/** The plan of a body that must compile. */
export function planOf(body: unknown, more: More = {}): Plan {
  const result = compileBody(body, more);
  if (result.ok) return result.plan;
  throw new Error(`It does not compile: ${JSON.stringify(result.issues, null, 1)}`);
}

/** Codes of the issues; none when it compiles. */
export function codesOf(body: unknown, more: More = {}): string[] {
  const result = compileBody(body, more);
  return result.ok ? [] : result.issues.map((issue) => issue.code);
}

export function warningsOf(body: unknown): readonly unknown[] {
  const result = compileBody(body);
  return result.ok ? result.warnings : [];
}

export function nodeOf(plan: Plan, id: string): PlanNode {
  const node = plan.nodes.find((each) => each.id === id);
  if (node) return node;
  throw new Error(`The plan has no node "${id}".`);
}
