import { costOf, digits, type Row, ratioOf } from './figures.js'
import type { ServerName } from './scenarios.js'

/** What was measured, as a table in Markdown: medians, and from least to most in brackets. */
export function tableOf(rows: readonly Row[], servers: readonly ServerName[]): string {
  const others = servers.filter((name) => name !== 'ssehub')
  const head = ['', 'unit', ...servers, ...others.map((name) => `ssehub : ${name}`)]
  const body = rows.map((row, index) => {
    const { scenario, metric } = row
    const isFirst = rows[index - 1]?.scenario !== scenario
    const name = isFirst ? `**${scenario.title}**<br>${metric.name}` : metric.name
    const figures = servers.map((server) => figure(row, server))
    return [name, metric.unit, ...figures, ...others.map((other) => ratio(row, other))]
  })
  const align = ['---', '---', ...servers.map(() => '---:'), ...others.map(() => '---:')]
  return [head, align, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function figure({ figures }: Row, server: ServerName): string {
  const found = figures.get(server)
  if (!found) return ''
  const { median, min, max } = found
  return min === max ? digits(median) : `${digits(median)} (${digits(min)}–${digits(max)})`
}

/** Bold where ssehub is the better one. */
function ratio(row: Row, other: ServerName): string {
  const [found, cost] = [ratioOf(row, 'ssehub', other), costOf(row, 'ssehub', other)]
  if (found === undefined || cost === undefined) return ''
  return cost < 1 ? `**${found.toFixed(2)}**` : found.toFixed(2)
}
