/** Host of the panel over the server: keeps the state, and reads the table again when it is old. */
import type { Ask, PanelHost, PanelState } from './api';
import type { Reply, RunTable, View } from './contract';
import type { Query, Server } from './server';

/** What a person chose, without the table. */
export type Shown = Omit<PanelState, 'table'>;

const AGAIN_MS = 500; // between two readings of the table, at least
const CHANGES = new Set(['query', 'star', 'tag', 'note', 'rename', 'acknowledge', 'baseline', 'trash', 'restore']);

/** How the panel looks when nobody has changed anything; as `contract.View` has it. */
export const PLAIN_VIEW: View = {
  sort: [], filters: {}, shown: {}, order: [], pinned: [],
  only_differs: true, metric: null, x_axis: 'step', is_log: false, smoothing: 0
};

export class ServerHost implements PanelHost {
  readonly canAcknowledge = true;
  private readonly listeners = new Set<() => void>();
  private readonly stopFeed: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readAt = Date.now();

  private constructor(
    readonly server: Server,
    public state: PanelState,
    private readonly which: Query
  ) {
    this.stopFeed = server.listen(() => this.readSoon());
  }

  /** Begins with what a person chose before; `which` narrows the runs, see docs/server.md. */
  static async open(server: Server, begin: Partial<Shown>, which: Query = {}): Promise<ServerHost> {
    const query = begin.query ?? '';
    const table = await server.runs({ ...which, query });
    const selected = (begin.selected ?? []).filter(run_id => table.run_ids.includes(run_id));
    const baseline = begin.baseline ?? markedBaseline(table);
    return new ServerHost(server, { table, query, selected, baseline, view: { ...PLAIN_VIEW, ...begin.view } }, which);
  }

  get shown(): Shown {
    const { selected, baseline, query, view } = this.state;
    return { selected, baseline, query, view };
  }

  change(state: Partial<Shown>): void {
    this.state = { ...this.state, ...state };
    this.listeners.forEach(changed => changed());
  }

  subscribe(changed: () => void): () => void {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }

  async ask(request: Ask): Promise<Reply> {
    const reply = await this.server.ask(request);
    if (CHANGES.has(request.type)) {
      await this.read(request.type === 'query' ? request.query : this.state.query);
    }
    return reply;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.stopFeed();
    this.listeners.clear();
  }

  private readSoon(): void {
    if (this.timer === undefined) {
      const wait = Math.max(0, this.readAt + AGAIN_MS - Date.now());
      this.timer = setTimeout(() => {
        this.timer = undefined;
        // the server may be away for a moment: the feed tells when it is back
        this.read(this.state.query).catch(() => undefined);
      }, wait);
    }
  }

  private async read(query: string): Promise<void> {
    this.readAt = Date.now();
    const table = await this.server.runs({ ...this.which, query });
    this.change({ query, ...({ table } as Partial<PanelState>) });
  }
}

function markedBaseline(table: RunTable): string | null {
  const marks = table.columns.find(column => column.key === 'is_baseline')?.values;
  const row = Array.isArray(marks) ? marks.indexOf(true) : -1;
  return row < 0 ? null : table.run_ids[row];
}
