import { cp, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../helpers/random.js'
import type { RedisServer } from '../../helpers/redis-server.js'
import { type Fault, faultsOf } from './fault.js'
import type { Loss } from './journal.js'
import { lose } from './losses.js'

export interface LossyRedis {
  readonly redis: RedisServer
  /** Where its data lies. */
  readonly folder: string
  readonly random: Random
  /** Where is written what it lost. */
  readonly losses: Loss[]
}

/** What happens to a Redis that loses what hubs have left there. */
export function lossFaults({ redis, folder, random, losses }: LossyRedis): Fault[] {
  const fault = faultsOf('redis')
  const loseAll = (act: () => Promise<unknown>) => lose(losses, Number.NEGATIVE_INFINITY, act)
  const flush = () => redis.command('FLUSHALL')
  const copy = `${folder}.old`
  let copiedAt = 0
  return [
    fault('emptied', () => loseAll(flush)),
    fault(
      'emptied, before and after',
      () => loseAll(flush),
      () => loseAll(flush),
    ),
    fault('emptied twice, subscribers cut off between', async () => {
      await loseAll(flush)
      await pause(random.between(0, 300))
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await pause(random.between(0, 30))
      await loseAll(flush)
    }),
    fault('channels deleted', () => loseAll(() => deleteKeys(redis, '*:all', '*:few'))),
    fault('heads of channels deleted', () => loseAll(() => deleteKeys(redis, '*:m:*'))),
    fault(
      'killed, and back with what it had a while ago',
      async () => {
        copiedAt = performance.now()
        await cp(folder, copy, { recursive: true })
      },
      () =>
        lose(losses, copiedAt, async () => {
          await redis.kill()
          await rm(folder, { recursive: true })
          await cp(copy, folder, { recursive: true })
          await rm(copy, { recursive: true })
          await redis.restart()
        }),
    ),
  ]
}

/** What happens to a Redis that keeps what it has, but not those who talk to it. */
export function clientFaults(redis: RedisServer, random: Random): Fault[] {
  const fault = faultsOf('redis')
  const milliseconds = () => random.between(100, 1500)
  return [
    fault('CLIENT PAUSE', () => redis.command('CLIENT', 'PAUSE', milliseconds(), 'ALL')),
    fault('CLIENT PAUSE WRITE', () => redis.command('CLIENT', 'PAUSE', milliseconds(), 'WRITE')),
    fault('DEBUG SLEEP', () => redis.command('DEBUG', 'SLEEP', milliseconds() / 1000)),
    ...['normal', 'pubsub'].map((type) =>
      fault(`CLIENT KILL TYPE ${type}`, () => redis.command('CLIENT', 'KILL', 'TYPE', type)),
    ),
  ]
}

async function deleteKeys(redis: RedisServer, ...patterns: string[]): Promise<void> {
  for (const pattern of patterns) {
    const keys = (await redis.command('KEYS', pattern)) as string[]
    if (keys.length > 0) await redis.command('DEL', ...keys)
  }
}
