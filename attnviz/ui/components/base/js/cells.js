// Cells of a grid, [row, column], from its top left corner.

/** The index among `count` that is nearest to a whole number. */
export const inside = (index, count) => Math.min(Math.max(index, 0), count - 1);

/** The cell that a key leads to, or null where it leads nowhere. */
export function cellTo(key, [row, column], rows, columns) {
  const to = {
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    Home: [row, 0],
    End: [row, columns - 1],
    PageUp: [0, column],
    PageDown: [rows - 1, column],
  }[key];
  return to ? [inside(to[0], rows), inside(to[1], columns)] : null;
}
