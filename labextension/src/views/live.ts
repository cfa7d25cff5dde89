/** Curves that grow while a cell logs, kept small enough to draw at any time. No drawing. */
import { append, reduce, type Line } from './series';

/** A longer line is reduced to half as many points; the extremes stay. */
const MOST = 12000;

export class LiveLines {
  private readonly lines = new Map<string, Line>();

  /** All lines, in the order in which they began. */
  get all(): Line[] {
    return [...this.lines.values()];
  }

  get metrics(): string[] {
    return [...new Set(this.all.map(line => line.metric))];
  }

  /** Takes whole lines in place of what there was of them. */
  replace(lines: Line[]): void {
    for (const line of lines) {
      this.lines.set(keyOf(line), line);
    }
  }

  /** Takes points that continue a line, or begin one. */
  extend(lines: Line[]): void {
    for (const line of lines) {
      const before = this.lines.get(keyOf(line));
      const longer = before ? append(before, line) : line;
      this.lines.set(keyOf(line), longer.value.length > MOST ? reduce(longer, MOST / 2) : longer);
    }
  }
}

function keyOf(line: Line): string {
  return `${line.run_id} ${line.metric}`;
}
