/** The three calls that the bench makes, bare, so that the client costs as little as the hand-written side's. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** Starts a graph and waits for its end in the same call. @returns the execution's id. @throws unless COMPLETED */
  async executeAndWait(graph: object): Promise<string> {
    const { executionId, execution } = await this.execute(graph, { prefer: 'wait=60' });
    if (execution?.status !== 'COMPLETED')
      throw new Error(`The run ended ${execution?.status}: ${execution?.error ?? ''}`);
    return executionId;
  }

  /** Starts a graph. */
  async start(graph: object): Promise<string> {
    return (await this.execute(graph, {})).executionId;
  }

  async poll(executionId: string, query = ''): Promise<PolledExecution> {
    return this.request<PolledExecution>(`/api/v1/workflows/executions/${executionId}/poll${query}`, {});
  }

  private execute(graph: object, headers: Record<string, string>): Promise<ExecuteAnswer> {
    return this.request<ExecuteAnswer>('/api/v1/workflows/inline/execute', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(graph),
    });
  }

  private async request<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.key}`, ...init.headers };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    const answer: unknown = await response.json();
    if (!response.ok)
      throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer).slice(0, 500)}`);
    return answer as Answer;
  }
}

interface ExecuteAnswer {
  readonly executionId: string;
  readonly execution?: PolledExecution;
}

export interface PolledExecution {
  readonly status: string;
  readonly error: string | null;
  readonly nodes: Readonly<Record<string, { readonly status: string }>>;
}
