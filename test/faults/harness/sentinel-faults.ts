import { setTimeout as pause } from 'node:timers/promises'
import type { RedisSentinel } from '../../helpers/redis-sentinel.js'
import type { RedisServer } from '../../helpers/redis-server.js'
import { type Fault, faultsOf } from './fault.js'
import type { Loss } from './journal.js'
import { lose } from './losses.js'

/** Ms before its end of which a master may not have handed on all that it took. */
const LAG = 1000

/** Two servers, of which sentinels make the other one the master when one is gone. */
class Pair {
  #master: RedisServer
  #replica: RedisServer

  constructor(private readonly group: RedisSentinel) {
    this.#master = group.master
    this.#replica = group.replica
  }

  get master(): RedisServer {
    return this.#master
  }

  get replica(): RedisServer {
    return this.#replica
  }

  /** Hands nothing on any more that the master takes. */
  async part(): Promise<void> {
    await this.#master.command('ACL', 'SETUSER', 'default', '-psync', '-sync')
    await this.#master.command('CLIENT', 'KILL', 'TYPE', 'replica')
  }

  /** Resolves when the replica has taken the place of a master that is made to be gone. */
  async failOver(end: () => unknown): Promise<void> {
    const { sentinel } = this.group
    const { length } = sentinel.output
    await end()
    await sentinel.shows(/\+switch-master/, length)
    ;[this.#master, this.#replica] = [this.#replica, this.#master]
  }

  /** Makes what was the master once a replica, as sentinels do in the end. */
  async rejoin(): Promise<void> {
    await this.#replica.command('REPLICAOF', '127.0.0.1', this.#master.port)
    await this.#replica.command('ACL', 'SETUSER', 'default', '+@all')
    for (const type of ['normal', 'pubsub']) {
      await this.#replica.command('CLIENT', 'KILL', 'TYPE', type)
    }
  }

  /** Resolves when the replica has all that the master has. */
  async joined(): Promise<void> {
    for (;;) {
      const role = (await this.#replica.command('ROLE')) as string[]
      if (role[0] === 'slave' && role[3] === 'connected') return
      await pause(20)
    }
  }
}

/** What happens to a Redis that sentinels watch over. */
export function failoverFaults(group: RedisSentinel, losses: Loss[]): Fault[] {
  const pair = new Pair(group)
  let partedAt = 0
  const part = async () => {
    partedAt = performance.now()
    await pair.part()
  }
  const restart = async () => {
    await pair.replica.restart()
    await pair.rejoin()
    await pair.joined()
  }
  const fault = faultsOf('redis')
  return [
    fault(
      'master killed',
      () => lose(losses, performance.now() - LAG, () => pair.failOver(() => pair.master.kill())),
      restart,
    ),
    fault('master killed that had lost its replica', part, async () => {
      await lose(losses, partedAt, () => pair.failOver(() => pair.master.kill()))
      await restart()
    }),
    fault(
      'master stopped, and for a while there are two',
      async () => {
        await part()
        const begun = performance.now()
        await pair.failOver(() => pair.master.signal('SIGSTOP'))
        pair.replica.signal('SIGCONT')
        losses.push({ since: partedAt, begun, ended: Number.POSITIVE_INFINITY })
      },
      async () => {
        await pair.rejoin()
        const loss = losses.pop() as Loss
        losses.push({ ...loss, ended: performance.now() })
        await pair.joined()
      },
    ),
    fault('master emptied', () =>
      lose(losses, Number.NEGATIVE_INFINITY, () => pair.master.command('FLUSHALL')),
    ),
  ]
}
