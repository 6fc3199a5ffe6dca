import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { HubError } from '../../src/errors.js'
import { type Supervised, Supervisor } from '../../src/workers/supervisor.js'
import { until } from '../helpers/until.js'

/** A worker that ends when it is told to. */
class FakeWorker implements Supervised {
  readonly pid = 1
  readonly up: Promise<void>
  readonly ended: Promise<string>
  end: (reason?: string) => void = () => {}

  constructor(comesUp = true) {
    this.ended = new Promise((resolve) => {
      this.end = (reason = 'ended') => resolve(reason)
    })
    this.up = comesUp ? Promise.resolve() : Promise.reject(new Error('it never came up'))
    this.up.catch(() => {})
  }

  async ping(): Promise<void> {}
  async settle(): Promise<void> {}
  tick(): void {}
  kill(): void {
    this.end()
  }
}

describe('a supervisor', () => {
  let forked: FakeWorker[]
  let failure: HubError | undefined

  const supervise = (comesUp = true, make = () => new FakeWorker(comesUp)) =>
    new Supervisor<FakeWorker>({
      workers: 2,
      fork: () => {
        forked.push(make())
        return forked.at(-1) as FakeWorker
      },
      logger: pino({ level: 'silent' }),
      random: () => 0,
      onFailure: (error) => {
        failure = error
      },
    })

  beforeEach(() => {
    forked = []
    failure = undefined
  })

  it('replaces a worker that ends, until that happens too often', async () => {
    const supervisor = supervise()
    await supervisor.start()
    assert.equal(forked.length, 2)
    for (let ends = 1; ends <= 10; ends += 1) {
      forked.at(-1)?.end('was ended by SIGKILL')
      await until(() => forked.length === 2 + ends)
    }
    assert.equal([...supervisor].length, 2)
    forked.at(-1)?.end('was ended by SIGKILL')
    await until(() => failure !== undefined)
    assert.equal(failure?.code, 'WORKER_FAILED')
    assert.match(failure?.message ?? '', /11 times in 60 seconds; the last was ended by SIGKILL/)
    await supervisor.stop()
  })

  it('replaces a worker that ends once it was up, and who follows it, though others are not yet', async () => {
    let comeUp = () => {}
    class Slow extends FakeWorker {
      override readonly up = new Promise<void>((resolve) => {
        comeUp = resolve
      })
    }
    const failing = 2
    const supervisor = supervise(true, () =>
      forked.length === 0 ? new Slow() : new FakeWorker(forked.length !== failing),
    )
    const starting = supervisor.start()
    await forked[1]?.up
    for (const number of [1, failing]) {
      forked[number]?.end('was ended by SIGKILL')
      await until(() => forked.length === number + 2)
    }
    comeUp()
    await starting
    assert.equal([...supervisor].length, 2)
    await supervisor.stop()
  })

  it('does not start with a worker that does not', async () => {
    const supervisor = supervise(false)
    await assert.rejects(supervisor.start(), /never came up/)
    await supervisor.stop()
    assert.equal(forked.length, 2)
  })

  it('replaces no worker any more once it stops', async () => {
    const supervisor = supervise()
    await supervisor.start()
    forked[0]?.end()
    await forked[0]?.ended
    await supervisor.stop()
    assert.ok(forked.length <= 3)
    assert.deepEqual([...supervisor], [])
  })
})
