import { randomUUID } from 'node:crypto'

/** A prefix for Redis keys, so that tests that share a server do not meet. */
export function uniquePrefix(): string {
  return uniqueName()
}

/** A name for an exchange, a queue or a channel that nobody else has. */
export function uniqueName(): string {
  return `test-${randomUUID().slice(0, 13)}`
}
