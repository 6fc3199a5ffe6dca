import assert from 'node:assert/strict'
import { colourLevel } from '../../src/cli/colour.js'
import { eventLines } from '../../src/cli/event-lines.js'
import { redraw } from '../../src/cli/screen.js'
import { statsTables, table } from '../../src/cli/stats-tables.js'
import type { Stats } from '../../src/stats.js'

describe('what is shown to people', () => {
  it('has colour on a terminal only, and not where NO_COLOR is set', () => {
    assert.equal(colourLevel(true, undefined, 2), 2)
    assert.equal(colourLevel(true, '', 2), 2)
    assert.equal(colourLevel(true, '0', 2), 0)
    assert.equal(colourLevel(false, undefined, 2), 0)
  })

  it('has columns that line up, numbers to the right', () => {
    const rows = [
      ['name', 'count', 'text'],
      ['a', 5, 'x'],
      ['long name', 12345678, ''],
    ]
    assert.equal(
      table(rows),
      'name          count  text\na                 5  x\nlong name  12345678',
    )
  })

  it('has the figures of a newer hub, but nothing that fits no table', () => {
    const stats = { global: { clients: 1, novel: 7, odd: { a: 1 }, none: null }, channels: [] }
    assert.equal(statsTables(stats as unknown as Stats), 'clients  1\nnovel    7\n\nno channels')
  })

  it('is drawn over what was there, as far as there is room', () => {
    const drawn = '\x1b[Hab\x1b[K\nc\x1b[K\n\x1b[J'
    assert.equal(redraw('ab\nc', { rows: 0, columns: 0 }), drawn)
    assert.equal(redraw('ab\nc', { rows: 3, columns: 2 }), drawn)
    assert.equal(redraw('abc\nc\nd', { rows: 3, columns: 2 }), drawn)
  })

  it('tells of a gap, and of what only looks like one', () => {
    const gap = (data: string) => eventLines({ id: null, event: 'ssehub.gap', data })
    assert.equal(
      gap('{"requested":"5","oldest":"7","newest":"9","reason":"evicted"}'),
      'gap: events after id 5 are no longer held; the history goes from id 7 to 9',
    )
    assert.equal(
      gap('{"requested":null,"oldest":null,"newest":null,"reason":"reset"}'),
      'gap: the channel was emptied; the history is empty',
    )
    for (const data of ['', 'null', '{', 'text']) assert.equal(gap(data), `gap: ${data}`)
  })
})
