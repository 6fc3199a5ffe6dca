import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../helpers/package-root.js'
import { costOf, digits, type Figure, figureOf, type Row, ratioOf } from './figures.js'
import { plotOf } from './plot.js'
import { SCENARIOS, type ServerName } from './scenarios.js'
import { tableOf } from './table.js'

const SERVERS: ServerName[] = ['ssehub', 'nchan', 'bare loop']

const [scenario] = SCENARIOS
const one = (median: number): Figure => ({ median, min: median, max: median })

function row(isRate: boolean, ssehub: Figure, nchan: Figure): Row {
  assert.ok(scenario)
  const metric = { name: 'figure', unit: 'µs', isRate, of: () => undefined }
  const figures = new Map<ServerName, Figure>([
    ['ssehub', ssehub],
    ['nchan', nchan],
  ])
  return { scenario, metric, figures }
}

describe('the comparison', () => {
  it('is of medians, and knows the least and the most', () => {
    assert.deepEqual(figureOf([3, 1, 2]), { median: 2, min: 1, max: 3 })
    assert.deepEqual(figureOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 })
    assert.equal(figureOf([]), undefined)
  })

  it('knows who is the better one, of costs and of rates', () => {
    const cost = row(false, one(1), one(2))
    const rate = row(true, one(1), one(2))
    assert.deepEqual(
      [ratioOf(cost, 'ssehub', 'nchan'), costOf(cost, 'ssehub', 'nchan')],
      [0.5, 0.5],
    )
    assert.deepEqual([ratioOf(rate, 'ssehub', 'nchan'), costOf(rate, 'ssehub', 'nchan')], [0.5, 2])
    assert.equal(ratioOf(cost, 'ssehub', 'bare loop'), undefined)
  })

  it('says as many digits as count', () => {
    assert.deepEqual([0.12345, 1.2345, 12.345, 123.45, 1234567].map(digits), [
      '0.123',
      '1.23',
      '12.3',
      '123',
      '1,234,567',
    ])
  })

  it('is a table in which each scenario is named once', () => {
    const rows = [row(false, { median: 1, min: 0.5, max: 2 }, one(2)), row(true, one(1), one(2))]
    assert.deepEqual(tableOf(rows, SERVERS).split('\n'), [
      '|  | unit | ssehub | nchan | bare loop | ssehub : nchan | ssehub : bare loop |',
      '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
      `| **${scenario?.title}**<br>figure | µs | 1 (0.5–2) | 2 |  | **0.50** |  |`,
      '| figure | µs | 1 | 2 |  | 0.50 |  |',
    ])
  })

  it('is a plot that has all of it inside', () => {
    const rows = [row(false, { median: 1, min: 0.1, max: 50 }, one(2)), row(true, one(900), one(2))]
    const svg = plotOf(rows, 'nchan')
    const [, height] = /height="(\d+)"/.exec(svg) ?? []
    const places = [...svg.matchAll(/ (?:c?x)="([\d.]+)" (?:c?y)="([\d.]+)"/g)]
    assert.ok(places.length > 10)
    for (const [, x, y] of places) {
      assert.ok(Number(x) < 860 && Number(y) < Number(height), `${x}, ${y}`)
    }
    assert.equal(svg.match(/class="ssehub" cx/g)?.length, 3) // one is in the legend
    assert.doesNotMatch(svg, /NaN|undefined/)
  })

  it('has its place in the README', async () => {
    const readme = await readFile(join(packageRoot, 'README.md'), 'utf8')
    assert.match(readme, /<!-- comparison -->\n.*<!-- \/comparison -->/s)
  })
})
