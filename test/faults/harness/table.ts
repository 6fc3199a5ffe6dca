/** Rows of text under their headings, in columns. */
export function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const names = Object.keys(rows[0] ?? {})
  const texts = [names, ...rows.map((row) => names.map((name) => `${row[name] ?? ''}`))]
  const widths = names.map((_, column) =>
    Math.max(...texts.map((text) => text[column]?.length ?? 0)),
  )
  return texts
    .map((text) =>
      text
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return typeof rows[0]?.[names[column] ?? ''] === 'number'
            ? cell.padStart(width)
            : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
