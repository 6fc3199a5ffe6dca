/** What stands in a table; numbers are right-aligned. */
export type Cell = string | number

/** Lays rows out in columns; a column is right-aligned if it has numbers below its heading. */
export function table(rows: readonly (readonly Cell[])[]): string {
  const last = rows.at(-1) ?? []
  const columns = last.map((cell, column) => {
    const width = Math.max(...rows.map((row) => String(row[column] ?? '').length))
    return typeof cell === 'number'
      ? (text: string) => text.padStart(width)
      : (text: string) => text.padEnd(width)
  })
  const line = (row: readonly Cell[]) =>
    columns.map((pad, column) => pad(String(row[column] ?? ''))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
