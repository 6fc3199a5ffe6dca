import { costOf, type Row } from './figures.js'
import type { ServerName } from './scenarios.js'

const WIDTH = 860
const LEFT = 380
const RIGHT = 800
const TOP = 76
const LINE = 22
const HEADING = 28

/** Colours that can be told apart by everybody, and shapes for who sees none. */
const MARKS: Readonly<Record<ServerName, (x: number, y: number) => string>> = {
  ssehub: (x, y) => `<circle class="ssehub" cx="${x}" cy="${y}" r="6"/>`,
  nchan: (x, y) => `<rect class="nchan" x="${x - 5}" y="${y - 5}" width="10" height="10"/>`,
  'bare loop': (x, y) => `<path class="bare" d="M${x} ${y - 6}l6 11h-12z"/>`,
}

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .heading { font-weight: 600 }
  .small, .tick { font-size: 12px; fill: #59636e }
  .tick, .end { text-anchor: middle }
  .metric { text-anchor: end }
  .back { fill: #ffffff; stroke: #d1d9e0 }
  .grid { stroke: #d1d9e0 } .one { stroke: #818b98 } .range { stroke: #0969da; stroke-width: 2 }
  .ssehub { fill: #0969da } .nchan { fill: #bc4c00 } .bare { fill: #59636e }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small, .tick { fill: #9198a1 }
    .back { fill: #0d1117; stroke: #3d444d }
    .grid { stroke: #2a313c } .one { stroke: #656c76 } .range { stroke: #4493f8 }
    .ssehub { fill: #4493f8 } .nchan { fill: #f0883e } .bare { fill: #9198a1 }
  }`

/**
 * What was measured, as a picture: for each metric how many times worse or better than one of the
 * servers each is, on a logarithmic scale on which left is better.
 *
 * @param to the one that is at 1
 */
export function plotOf(rows: readonly Row[], to: ServerName): string {
  const servers = Object.keys(MARKS) as ServerName[]
  const shown = rows.filter((row) => costOf(row, 'ssehub', to) !== undefined)
  const costs = shown.flatMap((row) => servers.flatMap((name) => costOf(row, name, to) ?? []))
  const reach = Math.max(
    2,
    2 ** Math.ceil(Math.log2(Math.max(...costs, ...costs.map((c) => 1 / c)))),
  )
  const x = (cost: number) => {
    const share = (Math.log2(cost) / Math.log2(reach) + 1) / 2
    return round(LEFT + Math.min(1, Math.max(0, share)) * (RIGHT - LEFT))
  }

  const parts: string[] = []
  let y = TOP
  for (const [index, row] of shown.entries()) {
    if (shown[index - 1]?.scenario !== row.scenario) {
      y += index === 0 ? 18 : HEADING
      parts.push(text(20, y, 'heading', row.scenario.title))
      y += LINE - 2
    } else {
      y += LINE
    }
    parts.push(text(LEFT - 24, y, 'metric', row.metric.name), rangeOf(row, to, x, y - 4))
    for (const name of servers.toReversed()) {
      const cost = costOf(row, name, to)
      if (cost !== undefined) parts.push(MARKS[name](x(cost), y - 4))
    }
  }
  const bottom = y + 14
  const height = bottom + 36
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="ssehub compared with ${to}">
<style>${STYLE}
</style>
<rect class="back" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
${text(20, 30, 'title', `Compared with ${to}: left is better, for rates too`)}
${legend(servers.filter((name) => shown.some(({ figures }) => figures.has(name))))}
${grid(reach, x, bottom)}
${parts.filter((part) => part !== '').join('\n')}
</svg>
`
}

/** From the best to the worst round of ssehub. */
function rangeOf(row: Row, to: ServerName, x: (cost: number) => number, y: number): string {
  const [own, other] = [row.figures.get('ssehub'), row.figures.get(to)]
  if (!own || !other || own.min <= 0) return ''
  const costs = [own.min, own.max].map((value) => {
    return row.metric.isRate ? other.median / value : value / other.median
  })
  const [from = 1, end = 1] = costs.map(x)
  return `<path class="range" d="M${from} ${y}H${end}"/>`
}

function grid(reach: number, x: (cost: number) => number, bottom: number): string {
  const steps = Math.log2(reach)
  const stride = Math.ceil(steps / 4)
  const lines: string[] = []
  for (let step = -steps; step <= steps; step += 1) {
    if (step % stride !== 0) continue
    const at = x(2 ** step)
    const name = step === 0 ? 'one' : 'grid'
    lines.push(`<path class="${name}" d="M${at} ${TOP - 8}V${bottom}"/>`)
    lines.push(text(at, bottom + 18, 'tick', step < 0 ? `1/${2 ** -step}` : `${2 ** step}×`))
  }
  return lines.join('\n')
}

function legend(servers: readonly ServerName[]): string {
  const range = 'lines: from the best round of ssehub to its worst'
  const names = servers
    .map((name, index) => {
      const at = 26 + index * 110
      return `${MARKS[name](at, 51)}${text(at + 12, 55, 'small', name)}`
    })
    .join('\n')
  return `${names}\n${text(LEFT, 55, 'small', range)}`
}

function text(x: number, y: number, name: string, content: string): string {
  return `<text class="${name}" x="${x}" y="${y}">${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
