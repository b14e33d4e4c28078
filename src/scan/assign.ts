/**
 * The cheapest one-to-one assignment of rows to columns where each row or column may stay alone for `alone`: the
 * Hungarian method, O(n³). Gives the column of each row, or -1. Costs of `Infinity` are never chosen.
 * Source: https://en.wikipedia.org/wiki/Hungarian_algorithm (the shortest augmenting path form).
 */
export function assign(costs: readonly (readonly number[])[], alone: number): number[] {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  // A square of rows + columns: a row may take one of its own extra columns, at the price of staying alone.
  const size = rows + columns;
  const large = alone * 4 + 1;
  const cost = (row: number, column: number): number => {
    if (row < rows && column < columns) return Math.min(costs[row]![column]!, large);
    if (row < rows || column < columns) return alone;
    return 0;
  };
  const rowPotential = new Float64Array(size + 1);
  const columnPotential = new Float64Array(size + 1);
  const rowOf = new Int32Array(size + 1);
  const way = new Int32Array(size + 1);
  for (let row = 1; row <= size; row++) {
    rowOf[0] = row;
    let column = 0;
    const least = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY);
    const used = new Uint8Array(size + 1);
    do {
      used[column] = 1;
      const current = rowOf[column]!;
      let delta = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let j = 1; j <= size; j++) {
        if (used[j]) continue;
        const reduced = cost(current - 1, j - 1) - rowPotential[current]! - columnPotential[j]!;
        if (reduced < least[j]!) {
          least[j] = reduced;
          way[j] = column;
        }
        if (least[j]! < delta) {
          delta = least[j]!;
          next = j;
        }
      }
      for (let j = 0; j <= size; j++) {
        if (used[j]) {
          rowPotential[rowOf[j]!]! += delta;
          columnPotential[j]! -= delta;
        } else least[j]! -= delta;
      }
      column = next;
    } while (rowOf[column] !== 0);
    do {
      const previous = way[column]!;
      rowOf[column] = rowOf[previous]!;
      column = previous;
    } while (column !== 0);
  }
  const result = new Array<number>(rows).fill(-1);
  for (let j = 1; j <= columns; j++) {
    const row = rowOf[j]! - 1;
    if (row >= 0 && row < rows && costs[row]![j - 1]! < Number.POSITIVE_INFINITY) result[row] = j - 1;
  }
  return result;
}
