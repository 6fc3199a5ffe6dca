import assert from 'node:assert/strict'
import fc from 'fast-check'
import { channelNameFault } from '../../src/channel/name.js'

describe('the name of a channel', () => {
  it('may be any text of 1 to 128 characters, in any script', () => {
    for (const name of [
      'a',
      'news/sport',
      '-',
      '/',
      'stats',
      'ä ö',
      '__proto__',
      '👋'.repeat(128),
    ]) {
      assert.equal(channelNameFault(name), undefined, name)
    }
  })

  it('is told what is wrong with it', () => {
    const faults = {
      '': 'it is empty',
      [`${'👋'.repeat(128)}a`]: 'it is longer than 128 characters (server.maxChannelNameLength)',
      'a\ud800b': 'it is not well-formed Unicode',
      'a\nb': 'it holds a control character',
      'a\u0085': 'it holds a control character',
      '-/stats': 'it begins with "-/"',
    }
    for (const [name, fault] of Object.entries(faults)) assert.equal(channelNameFault(name), fault)
  })

  it('goes through a URL unchanged if nothing is wrong with it', () => {
    const unit = fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point))
    fc.assert(
      fc.property(fc.string({ unit }), (name) => {
        fc.pre(channelNameFault(name) === undefined)
        assert.equal(decodeURIComponent(encodeURIComponent(name)), name)
      }),
    )
  })
})
