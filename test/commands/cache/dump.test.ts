import assert from 'node:assert/strict'
import { cli } from '../../helpers/cli.js'
import { FakeHub } from '../../helpers/fake-hub.js'

describe('ssehub cache dump', () => {
  let hub: FakeHub
  beforeEach(async () => {
    hub = await FakeHub.start()
  })
  afterEach(() => hub.stop())

  const dump = (...args: string[]) => cli(['cache', 'dump', ...args, '--url', hub.url])

  it('prints the history of a channel, with the time of each event', async () => {
    assert.deepEqual(await dump('test'), {
      code: 0,
      stdout:
        '1970-01-01T00:00:00.000Z  12345678901234567890  message  a\n    b\n1970-01-01T00:00:01.000Z  x  note  {}\n',
      stderr: '',
    })
  })

  it('prints it as one JSON array with --json', async () => {
    const { stdout } = await dump('test', '--json')
    assert.deepEqual(JSON.parse(stdout), [
      { sequence: 7, id: '12345678901234567890', event: null, data: 'a\nb', time: 0 },
      { sequence: 9, id: 'x', event: 'note', retry: 500, data: '{}', time: 1000 },
    ])
  })

  it('says so when there is none', async () => {
    const end = await dump('empty')
    assert.deepEqual(end, {
      code: 0,
      stdout: '',
      stderr: 'ssehub: the history of empty is empty\n',
    })
    assert.equal((await dump('empty', '--json')).stdout, '[]\n')
  })

  it('is used wrongly with a configuration for the hub', async () => {
    assert.equal((await dump('test', '--config', 'config.json')).code, 2)
  })
})
