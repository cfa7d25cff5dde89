/** What the views ask for, whoever answers: a kernel through a widget, or a server. */
import type { Reply, Request, RunTable, View } from './contract';

type WithoutId<T> = T extends { request_id: number } ? Omit<T, 'request_id'> : never;

/** A request that has not been sent yet. */
export type Ask = WithoutId<Request>;

/** Answers requests. A `Failed` reply comes as an error with its message. */
export interface Backend {
  ask(request: Ask): Promise<Reply>;
}

/** What a panel shows, and what in it people may change. */
export interface PanelState {
  table: RunTable;
  selected: readonly string[];
  baseline: string | null;
  query: string;
  view: View;
}

export interface PanelHost extends Backend {
  readonly state: PanelState;
  /** Whether the host can keep why a finding may stay. */
  readonly canAcknowledge?: true;
  change(state: Partial<Omit<PanelState, 'table'>>): void;
  /** Calls back after each change, from either side; returns how to stop. */
  subscribe(changed: () => void): () => void;
}
