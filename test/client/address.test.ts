import assert from 'node:assert/strict'
import fc from 'fast-check'
import { channelPath, hubUrl } from '../../src/client/address.js'

describe("a hub's address", () => {
  it('keeps a path prefix, with or without a slash at its end', () => {
    assert.equal(hubUrl('http://hub.test', 'stats').href, 'http://hub.test/stats')
    assert.equal(hubUrl('http://hub.test/sse', 'stats').href, 'http://hub.test/sse/stats')
    assert.equal(hubUrl('https://hub.test/sse/', 'stats').href, 'https://hub.test/sse/stats')
  })

  it('is refused when it is not a plain http or https URL', () => {
    for (const url of [
      '',
      'hub',
      'localhost:8080',
      'ftp://hub.test',
      'http://a:b@hub.test',
      'http://hub.test?x=1',
    ]) {
      assert.throws(() => hubUrl(url, 'stats'), { code: 'INVALID_CONFIG' }, url)
    }
  })
})

describe("a channel's path", () => {
  it('percent-encodes a name and keeps its slashes', () => {
    assert.equal(channelPath('news/sport & más?'), 'news/sport%20%26%20m%C3%A1s%3F')
  })

  it('is refused where a URL would make another name of it, or no channel has it', () => {
    for (const name of ['', '-/history/test', '..', 'a/../b', 'a/.', '\n', '\ud800']) {
      assert.throws(() => channelPath(name), { code: 'INVALID_CHANNEL' }, JSON.stringify(name))
    }
  })

  it('comes to the hub as the name that it was, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (name) => {
        let path: string
        try {
          path = channelPath(name)
        } catch {
          return
        }
        const { pathname } = hubUrl('http://hub.test/prefix', path)
        assert.equal(decodeURIComponent(pathname), `/prefix/${name}`)
      }),
    )
  })
})
