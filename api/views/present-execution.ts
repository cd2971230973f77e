import type { ExecutionView, NodeView } from '../../pipeline/execution-view';
import { isAssetReference } from '../../pipeline/pure/values';
import { assetUrl } from '../asset-urls';
import type { ApiSettings } from '../dependencies';
import { executionLinks, itemsLink } from './links';

export interface Presenter {
  readonly settings: ApiSettings;
  readonly accountId: string;
  readonly nowMs: number;
}

/** Makes the poll body of what the store read: adds links, and a signed URL to every asset. */
export function presentExecution(view: ExecutionView, presenter: Presenter): ExecutionView {
  const nodes = Object.fromEntries(
    Object.entries(view.nodes).map(([id, node]) => [id, presentNode(node, presenter)]),
  );
  const output = Object.fromEntries(
    Object.entries(view.output).map(([id, outputs]) => [id, presentOutputs(outputs, presenter)]),
  );
  const links = executionLinks(presenter.settings, view.executionId);
  return {
    ...view,
    nodes,
    output,
    links: view.items === null ? links : { ...links, items: itemsLink(links) },
  };
}

function presentNode(node: NodeView, presenter: Presenter): NodeView {
  return { ...node, output: presentOutputs(node.output, presenter) };
}

/** Values by output port, each asset with its URL. */
export function presentOutputs(
  outputs: Readonly<Record<string, unknown>>,
  presenter: Presenter,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).map(([port, value]) => [port, presentValue(value, presenter)]),
  );
}

/** A port holds a value or a flat list of values (contract `PortValue`); deeper JSON is data and stays as it is. */
function presentValue(value: unknown, presenter: Presenter): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => presentReference(item, presenter));
  return presentReference(value, presenter);
}

function presentReference(value: unknown, { settings, accountId, nowMs }: Presenter): unknown {
  if (!isAssetReference(value)) return value;
  return { ...value, url: assetUrl(settings, accountId, value.assetId, nowMs) };
}
