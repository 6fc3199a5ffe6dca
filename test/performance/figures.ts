import type { Metric, Scenario, ServerName } from './scenarios.js'

/** What several rounds gave for one server. */
export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** A metric of a scenario, for all that were measured. */
export interface Row {
  readonly scenario: Scenario
  readonly metric: Metric
  readonly figures: ReadonlyMap<ServerName, Figure>
}

/** @param values of all rounds; undefined if there is none */
export function figureOf(values: readonly number[]): Figure | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (min === undefined || max === undefined) return undefined
  const [low = min, high = min] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ]
  return { median: (low + high) / 2, min, max }
}

/** How many times as much as another one; undefined where that says nothing. */
export function ratioOf(row: Row, of: ServerName, to: ServerName): number | undefined {
  const [one, other] = [row.figures.get(of)?.median, row.figures.get(to)?.median]
  return one && other ? one / other : undefined
}

/** How many times worse than another one, whether more or less is better. */
export function costOf(row: Row, of: ServerName, to: ServerName): number | undefined {
  const ratio = ratioOf(row, of, to)
  return ratio && row.metric.isRate ? 1 / ratio : ratio
}

/** A number with three digits that count, thousands with commas. */
export function digits(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(3)))
}
