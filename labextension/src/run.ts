/** What the side bar reads of one run: a part of what `GET runs/RUN_ID` tells. */
export interface Run {
  run_id: string;
  name: string;
  notebook: string | null;
  cells: { cell_id: string | null; source: string }[];
}
