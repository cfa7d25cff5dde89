/** Colours of series: which run has which, for as long as it is selected. */

/** As many as tokens.css has `--as-series-0` …; told apart in the common kinds of colour blindness. */
export const SERIES = 8;

/** A run keeps its colour while it is selected; a new one takes the first that is free. */
export class Colors {
  private readonly slots = new Map<string, number>();

  /** Takes the runs that are selected now. */
  assign(run_ids: readonly string[]): void {
    const selected = new Set(run_ids);
    for (const run_id of [...this.slots.keys()]) {
      if (!selected.has(run_id)) {
        this.slots.delete(run_id);
      }
    }
    for (const run_id of run_ids) {
      if (!this.slots.has(run_id)) {
        this.slots.set(run_id, this.firstFree());
      }
    }
  }

  /** The place of the run's colour, or null where it is not selected. */
  slot(run_id: string): number | null {
    return this.slots.get(run_id) ?? null;
  }

  /** The colour for a style sheet, or null. */
  css(run_id: string): string | null {
    const slot = this.slot(run_id);
    return slot === null ? null : `var(--as-series-${slot % SERIES})`;
  }

  private firstFree(): number {
    const taken = new Set(this.slots.values());
    let slot = 0;
    while (taken.has(slot)) {
      slot += 1;
    }
    return slot;
  }
}
