import type { Fault, Path } from './fault.js'
import { own } from './plain.js'

/** Faults for what the schema knows and this version of the hub does not do yet. */
export function notYet(file: unknown): Fault[] {
  const faults: Fault[] = []
  const channels = own(file, 'channels')
  for (const [index, channel] of Array.isArray(channels) ? channels.entries() : []) {
    if (isRedis(channel)) faults.push(noRedis(['channels', index]))
  }
  if (isRedis(own(file, 'default'))) faults.push(noRedis(['default']))
  if (own(own(file, 'amqp'), 'enabled') === true) {
    const problem = 'found true, wants false: this version has no AMQP yet; publish by HTTP POST'
    faults.push({ path: ['amqp', 'enabled'], problem })
  }
  return faults
}

function isRedis(channel: unknown): boolean {
  return own(channel, 'cacheAdapter') === 'redis'
}

function noRedis(path: Path): Fault {
  const problem = 'found "redis", wants "leveldb" or "memory": this version has no Redis yet'
  return { path: [...path, 'cacheAdapter'], problem }
}
