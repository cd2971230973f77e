import type { Calls } from './calls';
import type { CallOptions, CreatingOptions, ExecuteReceipt } from './types';
import { savedPath } from './workflows-client';

export interface AppView {
  readonly slug: string;
  readonly workflowId: string;
  readonly name: string;
  readonly description: string;
  /** Null: nothing is published, so it cannot be called. */
  readonly version: number | null;
  readonly url: string;
}

export interface AppDetail extends AppView {
  readonly inputs: readonly (AppPort & { readonly required: boolean })[];
  readonly outputs: readonly (AppPort & { readonly port: string })[];
}

export interface AppPort {
  readonly name: string;
  readonly nodeId: string;
  readonly type: string;
  readonly label: string;
  /** JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface AppCall {
  /** By name. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly budgetCredits?: number;
  readonly tags?: readonly string[];
  readonly callbackUrl?: string;
}

export interface AppReceipt extends ExecuteReceipt {
  /** Those that are there. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface TemplateView {
  readonly templateId: string;
  readonly name: string;
  readonly description: string;
  readonly nodeTypes: readonly string[];
}

export interface TemplateWithGraph extends TemplateView {
  readonly nodes: readonly object[];
  readonly edges: readonly object[];
  readonly triggerData: Readonly<Record<string, unknown>>;
}

/** Published workflows as endpoints of their own, and graphs to begin with. */
export interface AppsClient {
  list(options?: CallOptions): Promise<readonly AppView[]>;
  get(slug: string, options?: CallOptions): Promise<AppDetail>;
  /** OpenAPI 3.1 of this app alone. */
  openApi(slug: string, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  /** Waits at most `waitSeconds`, 60 unless given; the run goes on. */
  call(
    slug: string,
    call?: AppCall,
    options?: CreatingOptions & { readonly waitSeconds?: number },
  ): Promise<AppReceipt>;
  set(workflowId: string, slug: string, options?: CallOptions): Promise<AppView>;
  remove(workflowId: string, options?: CallOptions): Promise<void>;
  templates(options?: CallOptions): Promise<readonly TemplateView[]>;
  template(templateId: string, options?: CallOptions): Promise<TemplateWithGraph>;
}

const WAIT_SECONDS = 60;

export function createAppsClient(calls: Calls): AppsClient {
  const one = (slug: string) => `/apps/${encodeURIComponent(slug)}`;
  return {
    list: async (given) => (await calls.get<{ data: AppView[] }>('/apps', given)).data,
    get: (slug, given) => calls.get(one(slug), given),
    openApi: (slug, given) => calls.get(`${one(slug)}/openapi.json`, given),
    call: (slug, call = {}, given = {}) =>
      calls.create(one(slug), call, { waitSeconds: WAIT_SECONDS, ...given }),
    set: (id, slug, given) => calls.replace(`${savedPath(id)}/app`, { slug }, given),
    remove: (id, given) => calls.discard(`${savedPath(id)}/app`, given),
    templates: async (given) => (await calls.get<{ data: TemplateView[] }>('/templates', given)).data,
    template: (id, given) => calls.get(`/templates/${encodeURIComponent(id)}`, given),
  };
}
