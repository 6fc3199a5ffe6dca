import assert from 'node:assert/strict'
import { parseRedisUrl } from '../../src/config/redis-url.js'

describe('the URL of a Redis', () => {
  it('names one server, and what else there is to know', () => {
    assert.deepEqual(parseRedisUrl('rediss://me:p%40ss:word@cache.example:7000/3'), {
      kind: 'single',
      nodes: [{ host: 'cache.example', port: 7000 }],
      tls: true,
      user: 'me',
      password: 'p@ss:word',
      name: undefined,
      db: 3,
    })
  })

  it('needs no more than a host', () => {
    const { nodes, user, password, db } = parseRedisUrl('redis://[::1]') ?? {}
    assert.deepEqual(
      [nodes, user, password, db],
      [[{ host: '::1', port: 6379 }], undefined, undefined, 0],
    )
  })

  it('may have a password without a user', () => {
    const { user, password } = parseRedisUrl('redis://:secret@h') ?? {}
    assert.deepEqual([user, password], [undefined, 'secret'])
  })

  it('names sentinels and the server they watch', () => {
    const { kind, nodes, name, db } = parseRedisUrl('redis+sentinel://a,b:1/main/2') ?? {}
    const wanted = [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 1 },
    ]
    assert.deepEqual([kind, nodes, name, db], ['sentinel', wanted, 'main', 2])
  })

  it('names nodes of a cluster', () => {
    const { kind, nodes } = parseRedisUrl('redis+cluster://a:1,b:2,c') ?? {}
    assert.equal(kind, 'cluster')
    assert.deepEqual(
      nodes?.map(({ port }) => port),
      [1, 2, 6379],
    )
  })

  for (const text of [
    '',
    'http://h',
    'redis:h',
    'redis://',
    'redis://h:0',
    'redis://h:65536',
    'redis://h:port',
    'redis://a,b',
    'redis://h/name',
    'redis://h/1/2',
    'redis://h?x=1',
    'redis://%zz:p@h',
    'redis+sentinel://h',
    'redis+cluster://h/1',
    'redis+cluster://a,,b',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseRedisUrl(text), undefined))
  }
})
